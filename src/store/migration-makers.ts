/** Who made entries and activations, and when entries were expired by hand. */
export const MAKERS = `
-- Who made an entry or an activation: empty for this machine. And when the latest activation of an
-- entry was expired by hand.
ALTER TABLE entry ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1));
ALTER TABLE entry ADD COLUMN ended_at INTEGER CHECK (ended_at >= 0);
ALTER TABLE activation ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE activation ADD COLUMN by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1));
UPDATE entry SET ended_at = activation.ended_at FROM activation
WHERE activation.ended_at IS NOT NULL AND activation.number = entry.activations
  AND activation.family = entry.family AND activation.length = entry.length
  AND activation.network = entry.network;
`;
