/** A migration, as in schema.ts, for what the fleet was told. */
export const TOLD = `
-- The command that put in the report. NULL: not recorded.
ALTER TABLE outbox ADD COLUMN command INTEGER;
-- Whether the fleet has something of what the command did.
ALTER TABLE command ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1));
-- Whether the activation was put into the outbox. What earlier versions did by hand is not known.
ALTER TABLE activation ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));
UPDATE activation SET shared = 1
WHERE origin IN ('grok', 'pf') AND EXISTS (SELECT 1 FROM fleet_server);
`;
