/**
 * A migration, as in schema.ts: records the commands that change the store, which `history` shows and
 * `undo` undoes. The last command of the earlier record can still be undone.
 */
export const COMMAND_RECORD = `
CREATE TABLE command (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token BLOB NOT NULL, -- of the process
  at INTEGER NOT NULL CHECK (at >= 0),
  text TEXT NOT NULL,
  user TEXT NOT NULL,
  entries INTEGER NOT NULL, -- that it changed
  kept INTEGER NOT NULL, -- rows of former_entry and former_record
  -- final: it cannot be undone, or no longer
  state TEXT NOT NULL CHECK (state IN ('undoable', 'too large', 'undone', 'final')),
  pending TEXT CHECK (json_valid(pending)) -- all that was pending before; NULL: as it is now
) STRICT;
CREATE INDEX command_undoable ON command (id) WHERE state IN ('undoable', 'too large');

-- The command that changed the entry last, or made the activation. NULL: not recorded.
ALTER TABLE entry ADD COLUMN command INTEGER;
ALTER TABLE activation ADD COLUMN command INTEGER;

-- Entries before an undoable command. An entry that it made has no row.
CREATE TABLE former_entry (
  command INTEGER NOT NULL,
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  former_command INTEGER, -- entry.command
  commands TEXT NOT NULL CHECK (json_valid(commands)), -- activation.command, oldest first
  record TEXT NOT NULL CHECK (json_valid(record)), -- as in an export
  PRIMARY KEY (command, family, length, network)
) STRICT, WITHOUT ROWID;

-- Prefixes of the allow-list, logins and feeds before an undoable command.
CREATE TABLE former_record (
  key TEXT NOT NULL,
  command INTEGER NOT NULL,
  record TEXT CHECK (json_valid(record)), -- as in an export; NULL: there was none
  PRIMARY KEY (key, command)
) STRICT, WITHOUT ROWID;

-- What is changed apart from activations.
CREATE TABLE change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  command INTEGER NOT NULL,
  at INTEGER NOT NULL CHECK (at >= 0),
  action TEXT NOT NULL,
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  until INTEGER CHECK (until >= 0), -- NULL: for ever, or of no meaning
  made_by TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;
CREATE INDEX change_prefix ON change (family, length, network);

INSERT INTO command (id, token, at, text, user, entries, kept, state, pending)
  SELECT 1, token, at, command, '', count, count, iif(too_large, 'too large', 'undoable'), pending
  FROM undo, (SELECT count(*) AS count FROM undo_entry);
INSERT INTO former_entry SELECT 1, family, length, network, NULL, '[]', record
  FROM undo_entry WHERE record IS NOT NULL;
UPDATE entry SET command = 1
  WHERE (family, length, network) IN (SELECT family, length, network FROM undo_entry);
DROP TABLE undo;
DROP TABLE undo_entry;

ALTER TABLE undo_log RENAME TO undo_log_1;
CREATE TABLE undo_log (
  command INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (command, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO undo_log SELECT 1, digest FROM undo_log_1;
DROP TABLE undo_log_1;

-- The events before an undoable command; NULL: the block had none.
ALTER TABLE undo_event RENAME TO undo_event_1;
CREATE TABLE undo_event (
  command INTEGER NOT NULL,
  block INTEGER NOT NULL,
  keys BLOB,
  PRIMARY KEY (command, block)
) STRICT;
INSERT INTO undo_event SELECT 1, block, keys FROM undo_event_1;
DROP TABLE undo_event_1;

-- The command that did it; undo deletes the row. NULL: not recorded.
ALTER TABLE forgotten ADD COLUMN command INTEGER;
ALTER TABLE withdrawal ADD COLUMN command INTEGER;
-- Why an activation was withdrawn.
ALTER TABLE withdrawal ADD COLUMN reason TEXT NOT NULL DEFAULT 'login'
  CHECK (reason IN ('login', 'mistake'));
-- NULL: for ever.
ALTER TABLE allowed ADD COLUMN expires_at INTEGER CHECK (expires_at >= 0);
`;
