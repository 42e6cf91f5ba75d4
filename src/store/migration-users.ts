/** The columns of pending offences, and of those that led to activations. */
export const PENDING_COLUMNS = `
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  service TEXT NOT NULL,
  message TEXT NOT NULL,
  log TEXT NOT NULL,
  host TEXT NOT NULL,
  user INTEGER NOT NULL CHECK (user >= 0),
  points INTEGER NOT NULL CHECK (points >= 1),
  count INTEGER NOT NULL CHECK (count >= 1),
  port INTEGER CHECK (port BETWEEN 0 AND 65535),
  PRIMARY KEY (family, address, at, service, message, log, host, user)
`;

/** A migration, as in schema.ts: who logged in, and whom pending offences name. */
export const USERS = `
-- A user is a hash of a name, with this key; 0 where none is named.
CREATE TABLE user_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL CHECK (length(key) = 8)
) STRICT;
INSERT INTO user_key VALUES (1, randomblob(8));

CREATE TABLE user_login (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  service TEXT NOT NULL, -- empty: not known
  user INTEGER NOT NULL CHECK (user >= 0),
  first INTEGER NOT NULL CHECK (first >= 0),
  last INTEGER NOT NULL CHECK (last >= first),
  lost INTEGER CHECK (lost >= 0), -- when the address lost its trust
  PRIMARY KEY (family, address, service, user)
) STRICT, WITHOUT ROWID;
INSERT INTO user_login SELECT family, address, '', 0, at, at, NULL FROM login;
DROP TABLE login;
ALTER TABLE user_login RENAME TO login;
CREATE INDEX login_last ON login (last);

CREATE TABLE user_pending (${PENDING_COLUMNS}) STRICT, WITHOUT ROWID;
INSERT INTO user_pending
SELECT family, address, at, service, message, log, host, 0, points, count, port FROM pending;
DROP TABLE pending;
ALTER TABLE user_pending RENAME TO pending;
`;
