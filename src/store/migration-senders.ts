/** A migration of the schema. */
export const SENDERS = `
-- The users of the fleet's API who publish, and the keys that verify their messages.
CREATE TABLE sender (
  name TEXT PRIMARY KEY,
  key TEXT NOT NULL, -- empty: none any more
  forgotten INTEGER NOT NULL CHECK (forgotten >= 0) -- the highest of the numbers forgotten
) STRICT, WITHOUT ROWID;

-- The messages that had an effect and are not too old to be sent again.
CREATE TABLE received_message (
  sender TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (sender, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX received_message_at ON received_message (at);
`;
