-- The store of a fleet on SQLite. Prefixes and addresses are texts, written whole; times are UTC seconds.
-- What SQL cannot check is checked when a row is read.

-- One row: the latest number that was given to a change.
CREATE TABLE fleet (
  sequence INTEGER NOT NULL,
  -- Numbers of a store with another identity are those of other changes.
  identity TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO fleet VALUES (0, lower(hex(randomblob(16))));

CREATE TABLE entry (
  prefix TEXT PRIMARY KEY NOT NULL,
  sequence INTEGER NOT NULL,
  activated_sequence INTEGER NOT NULL,
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  activations INTEGER NOT NULL CHECK (activations >= 1),
  hits INTEGER NOT NULL CHECK (hits >= 0),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  activated_at INTEGER NOT NULL,
  expires_at INTEGER, -- NULL: never
  hit_days TEXT NOT NULL CHECK (hit_days NOT GLOB '*[^0-9,]*'),
  -- The latest activation: as long as it was meant to last, and when it was expired by hand.
  until INTEGER, -- NULL: forever
  ended_at INTEGER,
  activated_origin TEXT NOT NULL,
  activated_note TEXT NOT NULL,
  activated_by TEXT NOT NULL,
  made_by TEXT NOT NULL DEFAULT '', -- who made it first
  -- Whether who made it, or activated it, was an administrator then.
  by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  activated_by_admin INTEGER NOT NULL DEFAULT 0 CHECK (activated_by_admin IN (0, 1)),
  -- The latest activation was taken back by who made it.
  withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  -- Users other than the one who made the latest activation reported evidence for it.
  shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
  -- The first evidence for the latest activation, as JSON, which is checked when it is read; empty: none.
  evidence TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_sequence ON entry (sequence);
CREATE INDEX entry_activated_by ON entry (activated_by, expires_at);

-- The lengths that entries have: what may cover a prefix is looked up by them.
CREATE TABLE length (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL,
  PRIMARY KEY (family, length)
) STRICT, WITHOUT ROWID;

-- Those before the latest of each entry.
CREATE TABLE activation (
  prefix TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  at INTEGER NOT NULL,
  until INTEGER, -- NULL: forever
  ended_at INTEGER, -- expired by hand
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  by_admin INTEGER NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  PRIMARY KEY (prefix, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  prefix TEXT NOT NULL,
  activation INTEGER NOT NULL,
  reported_by TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('offence', 'list', 'block', 'expire')),
  address TEXT NOT NULL, -- empty where no one address is named
  service TEXT NOT NULL,
  message TEXT NOT NULL,
  log TEXT NOT NULL,
  host TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 1),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  port INTEGER CHECK (port BETWEEN 0 AND 65535), -- of the peer; NULL if none is named
  proxy TEXT NOT NULL DEFAULT '', -- through which somebody came; empty if there is none
  rule TEXT, -- of a machine's policy, that decided the points; NULL for none
  PRIMARY KEY (prefix, activation, reported_by, kind, address, service, message, log, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowed (
  prefix TEXT PRIMARY KEY NOT NULL,
  sequence INTEGER NOT NULL,
  removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
  note TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX allowed_sequence ON allowed (sequence);

CREATE TABLE report_key (
  reported_by TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (reported_by, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_key_at ON report_key (at);

CREATE TABLE user (
  name TEXT PRIMARY KEY NOT NULL,
  password TEXT NOT NULL,
  scopes TEXT NOT NULL, -- report,read
  widest4 INTEGER NOT NULL,
  widest6 INTEGER NOT NULL,
  longest INTEGER, -- seconds; NULL: forever
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  -- The public key that verifies the user's messages, and since when; empty: none.
  key TEXT NOT NULL DEFAULT '',
  key_since INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- No user has more active than this. No row: not known.
CREATE TABLE usage (
  name TEXT PRIMARY KEY NOT NULL,
  addresses4 INTEGER NOT NULL CHECK (addresses4 >= 0),
  prefixes6 INTEGER NOT NULL CHECK (prefixes6 >= 0)
) STRICT, WITHOUT ROWID;

-- Wide prefixes that one user reported, and until when they would have them blocked.
CREATE TABLE claim (
  prefix TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  until INTEGER, -- NULL: forever
  at INTEGER NOT NULL,
  PRIMARY KEY (prefix, reported_by)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_reported_by ON claim (reported_by, at);

-- Offences at single machines that blocked nobody there, by the automatic prefix around the address.
CREATE TABLE offence (
  network TEXT NOT NULL,
  event TEXT NOT NULL, -- the key of the event
  address TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  service TEXT NOT NULL,
  message TEXT NOT NULL,
  points INTEGER NOT NULL CHECK (points >= 1),
  count INTEGER NOT NULL CHECK (count >= 1),
  PRIMARY KEY (network, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX offence_reported_by ON offence (reported_by, at);

-- Published lists that are read once for all machines; the list is a JSON array of prefixes.
CREATE TABLE feed (
  name TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  digest TEXT NOT NULL,
  list TEXT NOT NULL
) STRICT;
