const CLAIM_TABLE = `
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

const PENDING_REPORTS = `
-- Offences without a block that the server does not know of yet.
CREATE TABLE pending_report (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  report TEXT NOT NULL CHECK (json_valid(report))
) STRICT;
CREATE INDEX pending_report_address ON pending_report (family, address);
`;

/** Migrations of the schema, for what single machines of the fleet report. */
export const SINGLE_REPORTS = [CLAIM_TABLE, PENDING_REPORTS];
