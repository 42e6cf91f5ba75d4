/** A migration, as in schema.ts: how much is active, and what was refused as it would be too much. */
export const COVERAGE = `
-- At least as many addresses as active entries and feeds cover. No row: not known.
CREATE TABLE coverage (
  family INTEGER PRIMARY KEY CHECK (family IN (4, 6)),
  addresses REAL NOT NULL CHECK (addresses >= 0)
) STRICT;

-- The automatic requests that limits.share refused: no row, or one.
CREATE TABLE share_refusal (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL CHECK (count >= 1),
  last_at INTEGER NOT NULL CHECK (last_at >= 0)
) STRICT;
`;
