/** A migration of the schema. */
export const FORGOTTEN = `
-- What was forgotten by hand, with its history, as in an export.
CREATE TABLE forgotten (
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  at INTEGER NOT NULL CHECK (at >= 0),
  record TEXT NOT NULL CHECK (json_valid(record)),
  PRIMARY KEY (family, length, network, at)
) STRICT, WITHOUT ROWID;
`;
