/** A migration of the schema. */
export const CLAIM_TABLE = `
-- Wide prefixes that users of the fleet reported, and until when they would have them blocked.
CREATE TABLE claim (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  name TEXT NOT NULL,
  until INTEGER CHECK (until >= 0), -- NULL: for ever
  at INTEGER NOT NULL CHECK (at >= 0),
  PRIMARY KEY (family, length, network, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_at ON claim (at);
`;
