/** A migration of the schema. */
export const EVENTS = `
-- The keys of the events that were counted, 8 bytes each, ascending; a block is five minutes.
CREATE TABLE event (
  block INTEGER PRIMARY KEY CHECK (block >= 0), -- time / 300
  keys BLOB NOT NULL CHECK (length(keys) % 8 = 0)
) STRICT;

-- The events before the last command; NULL: the block had none.
CREATE TABLE undo_event (
  block INTEGER PRIMARY KEY,
  keys BLOB
) STRICT;
`;
