/** A migration of the schema. */
export const NOTIFICATIONS = `
-- What somebody is to be told of; those of the last days are kept, so that nothing is told twice.
CREATE TABLE notification (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL CHECK (at >= 0),
  type TEXT NOT NULL,
  details TEXT NOT NULL CHECK (json_valid(details)),
  settled_at INTEGER, -- when it was sent or left out; NULL: it waits
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1))
) STRICT;
CREATE INDEX notification_waiting ON notification (id) WHERE settled_at IS NULL;
`;
