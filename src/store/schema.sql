-- The store. A prefix is (family, length, network), the network as 4 or 16 bytes in network order, so
-- that each length is one ordered range. Times are UTC seconds. What SQL cannot check (host bits,
-- origins, ascending days) is checked when a row is read.

CREATE TABLE entry (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  activations INTEGER NOT NULL CHECK (activations >= 0),
  hits INTEGER NOT NULL CHECK (hits >= 0),
  first_seen INTEGER CHECK (first_seen >= 0),
  last_seen INTEGER CHECK (last_seen >= 0),
  activated_at INTEGER CHECK (activated_at >= 0),
  expires_at INTEGER CHECK (expires_at >= 0), -- NULL: never
  hit_days TEXT NOT NULL CHECK (hit_days NOT GLOB '*[^0-9,]*'), -- 20370,20371
  made_by TEXT NOT NULL DEFAULT '', -- empty: this machine
  by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  ended_at INTEGER CHECK (ended_at >= 0), -- the latest activation was expired by hand
  command INTEGER, -- that changed it last; NULL: not recorded
  rule TEXT, -- the names of the rules that decided the latest activation; NULL: none
  PRIMARY KEY (family, length, network),
  CHECK ((activations = 0) = (activated_at IS NULL)),
  CHECK (activations > 0 OR expires_at IS 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE activation (
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  at INTEGER NOT NULL CHECK (at >= 0),
  until INTEGER CHECK (until >= 0), -- NULL: for ever
  ended_at INTEGER CHECK (ended_at >= 0), -- expired by hand
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  made_by TEXT NOT NULL DEFAULT '', -- empty: this machine
  by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  command INTEGER, -- that made it; NULL: not recorded
  shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)), -- it was put into the outbox
  rule TEXT, -- the names of the rules that decided it; NULL: none
  PRIMARY KEY (family, length, network, number),
  FOREIGN KEY (family, length, network) REFERENCES entry
) STRICT, WITHOUT ROWID;
-- What is active by hand is asked for with every change of the rules.
CREATE INDEX activation_by_hand ON activation (family, length, network, number)
WHERE origin = 'manual';
CREATE INDEX activation_made_by ON activation (made_by, family, length, network, number)
WHERE made_by <> '';

-- What one log tells of one activation. It is only ever read whole, and a million lines have
-- hundreds of thousands of rows of evidence: so they are one text, as evidence-cell.ts has it.
CREATE TABLE evidence (
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  number INTEGER NOT NULL,
  log TEXT NOT NULL,
  evidence TEXT NOT NULL, -- JSON, which is checked when it is read
  UNIQUE (family, length, network, number, log),
  FOREIGN KEY (family, length, network, number) REFERENCES activation ON DELETE CASCADE
) STRICT; -- with a rowid: the texts are too long to be moved about in a clustered table

-- Activations that were withdrawn.
CREATE TABLE withdrawal (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  withdrawn_at INTEGER NOT NULL CHECK (withdrawn_at >= 0),
  activation TEXT NOT NULL CHECK (json_valid(activation)), -- as in an export
  command INTEGER, -- that did it; undo deletes the row. NULL: not recorded
  reason TEXT NOT NULL DEFAULT 'login' CHECK (reason IN ('login', 'mistake')),
  PRIMARY KEY (family, length, network, at, withdrawn_at)
) STRICT, WITHOUT ROWID;

-- What was forgotten by hand, with its history.
CREATE TABLE forgotten (
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  at INTEGER NOT NULL CHECK (at >= 0),
  record TEXT NOT NULL CHECK (json_valid(record)), -- as in an export
  command INTEGER, -- that did it; undo deletes the row. NULL: not recorded
  PRIMARY KEY (family, length, network, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowed (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  note TEXT NOT NULL,
  added_at INTEGER NOT NULL CHECK (added_at >= 0),
  expires_at INTEGER CHECK (expires_at >= 0), -- NULL: never
  PRIMARY KEY (family, network, length)
) STRICT, WITHOUT ROWID;

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

-- The latest present time: no row, or one.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  latest INTEGER NOT NULL CHECK (latest >= 0)
) STRICT;

-- Lists that others publish are blocked as long as they name a prefix.

CREATE TABLE feed (
  name TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  fetched_at INTEGER NOT NULL CHECK (fetched_at >= 0),
  prefixes INTEGER NOT NULL CHECK (prefixes >= 0),
  etag TEXT,
  last_modified TEXT,
  min_lines INTEGER NOT NULL DEFAULT 1 CHECK (min_lines >= 1),
  max_bytes INTEGER NOT NULL DEFAULT 16777216 CHECK (max_bytes >= 1),
  ca TEXT NOT NULL DEFAULT '' -- a file; empty: the system's certificates
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_prefix (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  feed TEXT NOT NULL REFERENCES feed,
  PRIMARY KEY (family, length, network, feed)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_prefix_feed ON feed_prefix (feed);

-- What logs and journals told.

CREATE TABLE log (
  digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  lines INTEGER NOT NULL CHECK (lines >= 0),
  first_event INTEGER CHECK (first_event >= 0),
  last_event INTEGER CHECK (last_event >= 0),
  read_at INTEGER NOT NULL CHECK (read_at >= 0),
  head BLOB NOT NULL CHECK (length(head) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_head ON log (head, bytes);

-- How far journals were read.
CREATE TABLE cursor (
  source TEXT PRIMARY KEY NOT NULL, -- the folder of a journal; empty: that of this host
  cursor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The keys of the events that were counted, 8 bytes each, ascending; a block is five minutes.
CREATE TABLE event (
  block INTEGER PRIMARY KEY CHECK (block >= 0), -- time / 300
  keys BLOB NOT NULL CHECK (length(keys) % 8 = 0)
) STRICT;

-- A user is a hash of a name, with this key; 0 where none is named.
CREATE TABLE user_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL CHECK (length(key) = 8)
) STRICT;
INSERT INTO user_key VALUES (1, randomblob(8));

CREATE TABLE login (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  service TEXT NOT NULL, -- empty: not known
  user INTEGER NOT NULL CHECK (user >= 0),
  first INTEGER NOT NULL CHECK (first >= 0),
  last INTEGER NOT NULL CHECK (last >= first),
  lost INTEGER CHECK (lost >= 0), -- when the address lost its trust
  PRIMARY KEY (family, address, service, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_last ON login (last);

-- Offences that made no block yet. The next log goes on from them.
CREATE TABLE pending (
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
  port INTEGER CHECK (port BETWEEN 0 AND 65535), -- of the peer; NULL if none is named
  proxy TEXT NOT NULL DEFAULT '',
  rule TEXT, -- the names of the rules that decided the points; NULL: none
  PRIMARY KEY (family, address, at, service, message, log, host, user)
) STRICT, WITHOUT ROWID;

-- As pending: offences that led to activations lately, for a login that comes later.
CREATE TABLE spent (
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
  proxy TEXT NOT NULL DEFAULT '',
  rule TEXT,
  PRIMARY KEY (family, address, at, service, message, log, host, user)
) STRICT, WITHOUT ROWID;

-- Prefixes whose offences in a log of a web server did not count, as they may be a proxy.
CREATE TABLE likely_proxy (
  prefix TEXT PRIMARY KEY,
  offences INTEGER NOT NULL CHECK (offences >= 1),
  last_at INTEGER NOT NULL CHECK (last_at >= 0)
) STRICT, WITHOUT ROWID;

-- What the tables of pf held when they were last read.
CREATE TABLE pf_taken (
  name TEXT NOT NULL,
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  round INTEGER NOT NULL,
  PRIMARY KEY (name, family, length, network)
) STRICT, WITHOUT ROWID;

-- The commands that changed the store, which history shows and undo undoes.

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
  pending TEXT CHECK (json_valid(pending)), -- all that was pending before; NULL: as it is now
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)) -- the fleet has something of what it did
) STRICT;
CREATE INDEX command_undoable ON command (id) WHERE state IN ('undoable', 'too large');

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

-- The logs that an undoable command read.
CREATE TABLE undo_log (
  command INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (command, digest)
) STRICT, WITHOUT ROWID;

-- The events before an undoable command; NULL: the block had none.
CREATE TABLE undo_event (
  command INTEGER NOT NULL,
  block INTEGER NOT NULL,
  keys BLOB,
  PRIMARY KEY (command, block)
) STRICT;

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

-- The fleet.

-- Reports that the server does not have yet.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
  key TEXT NOT NULL,
  prefix TEXT NOT NULL, -- of the entry that it is about
  report TEXT NOT NULL CHECK (json_valid(report)),
  refusal TEXT, -- why the API refused it for its form; NULL: it waits
  refused_revision INTEGER, -- of the API
  retry_at INTEGER CHECK (retry_at >= 0), -- deferred until then; NULL: it waits, or for another revision
  command INTEGER -- that put it in; NULL: not recorded
) STRICT;
CREATE INDEX outbox_prefix ON outbox (prefix);
CREATE INDEX outbox_waiting ON outbox (id) WHERE refusal IS NULL;
CREATE INDEX outbox_refused ON outbox (id) WHERE refusal IS NOT NULL;

CREATE TABLE outbox_dropped (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL CHECK (count > 0)
) STRICT;

-- Offences without a block that the server does not know of yet.
CREATE TABLE pending_report (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  report TEXT NOT NULL CHECK (json_valid(report))
) STRICT;
CREATE INDEX pending_report_address ON pending_report (family, address);

CREATE TABLE fleet_server (
  url TEXT PRIMARY KEY NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 0), -- the last change that was taken over
  store TEXT NOT NULL DEFAULT '', -- of the server, whose number it is; empty: not known
  -- The first change that was refused only for now: its number, and when that was.
  refused INTEGER CHECK (refused >= 1),
  refused_at INTEGER CHECK (refused_at >= 0),
  -- The shortest prefix lengths that this machine may have blocked there. NULL: not known.
  widest4 INTEGER CHECK (widest4 BETWEEN 0 AND 32),
  widest6 INTEGER CHECK (widest6 BETWEEN 0 AND 128)
) STRICT, WITHOUT ROWID;

-- What the users of the fleet have active here: no user more than this, and when that was counted.
CREATE TABLE user_usage (
  name TEXT PRIMARY KEY NOT NULL,
  addresses4 INTEGER NOT NULL CHECK (addresses4 >= 0),
  prefixes6 INTEGER NOT NULL CHECK (prefixes6 >= 0),
  counted_at INTEGER NOT NULL CHECK (counted_at >= 0)
) STRICT, WITHOUT ROWID;

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
