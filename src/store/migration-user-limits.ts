/** Migrations, as in schema.ts, for what one user of the fleet may do. */

export const DEFERRED_REPORTS = `
-- When a report that the API deferred is sent again. NULL: it waits, or for another revision.
ALTER TABLE outbox ADD COLUMN retry_at INTEGER CHECK (retry_at >= 0);
`;

/** What the users of the fleet have active here. */
export const USER_LIMITS = `
-- No user has more active than this; and when that was counted.
CREATE TABLE user_usage (
  name TEXT PRIMARY KEY NOT NULL,
  addresses4 INTEGER NOT NULL CHECK (addresses4 >= 0),
  prefixes6 INTEGER NOT NULL CHECK (prefixes6 >= 0),
  counted_at INTEGER NOT NULL CHECK (counted_at >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX activation_made_by ON activation (made_by, family, length, network, number)
WHERE made_by <> '';

-- The first change that was refused only for now: its number, and when that was.
ALTER TABLE fleet_server ADD COLUMN refused INTEGER CHECK (refused >= 1);
ALTER TABLE fleet_server ADD COLUMN refused_at INTEGER CHECK (refused_at >= 0);
`;

export const OWN_LIMITS = `
-- The shortest prefix lengths that this machine may have blocked there. NULL: not known.
ALTER TABLE fleet_server ADD COLUMN widest4 INTEGER CHECK (widest4 BETWEEN 0 AND 32);
ALTER TABLE fleet_server ADD COLUMN widest6 INTEGER CHECK (widest6 BETWEEN 0 AND 128);
`;
