-- The store of a fleet on PostgreSQL. Everything is in the schema mcblock. NULL in until, expires_at and
-- longest is forever.

-- One row: the latest number that was given to a change. Whoever changes anything locks it first.
CREATE TABLE mcblock.fleet (
  sequence bigint NOT NULL,
  -- Numbers of a store with another identity are those of other changes.
  identity text NOT NULL DEFAULT gen_random_uuid()::text
);
INSERT INTO mcblock.fleet VALUES (0);

CREATE TABLE mcblock.entry (
  prefix cidr PRIMARY KEY,
  sequence bigint NOT NULL UNIQUE,
  activated_sequence bigint NOT NULL,
  origin text NOT NULL,
  note text NOT NULL,
  activations integer NOT NULL CHECK (activations >= 1),
  hits bigint NOT NULL CHECK (hits >= 0),
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  activated_at timestamptz NOT NULL,
  expires_at timestamptz,
  hit_days text NOT NULL CHECK (hit_days !~ '[^0-9,]'),
  -- The latest activation: as long as it was meant to last, and when it was expired by hand.
  until timestamptz,
  ended_at timestamptz,
  activated_origin text NOT NULL,
  activated_note text NOT NULL,
  activated_by text NOT NULL,
  made_by text NOT NULL DEFAULT '', -- who made it first
  -- Whether who made it, or activated it, was an administrator then.
  by_admin integer NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  activated_by_admin integer NOT NULL DEFAULT 0 CHECK (activated_by_admin IN (0, 1)),
  -- The latest activation was taken back by who made it.
  withdrawn integer NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  -- Users other than the one who made the latest activation reported evidence for it.
  shared integer NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
  -- The first evidence for the latest activation, as JSON, which is checked when it is read; empty: none.
  evidence text NOT NULL DEFAULT ''
);
CREATE INDEX entry_activated_by ON mcblock.entry (activated_by, expires_at);

-- The lengths that entries have: what may cover a prefix is looked up by them.
CREATE TABLE mcblock.length (
  family integer NOT NULL CHECK (family IN (4, 6)),
  length integer NOT NULL,
  PRIMARY KEY (family, length)
);

-- Those before the latest of each entry.
CREATE TABLE mcblock.activation (
  prefix cidr NOT NULL,
  number integer NOT NULL CHECK (number >= 1),
  at timestamptz NOT NULL,
  until timestamptz,
  ended_at timestamptz, -- expired by hand
  origin text NOT NULL,
  note text NOT NULL,
  reported_by text NOT NULL,
  by_admin integer NOT NULL DEFAULT 0 CHECK (by_admin IN (0, 1)),
  PRIMARY KEY (prefix, number)
);

CREATE TABLE mcblock.evidence (
  prefix cidr NOT NULL,
  activation integer NOT NULL,
  reported_by text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('offence', 'list', 'block', 'expire')),
  address text NOT NULL, -- empty where no one address is named
  service text NOT NULL,
  message text NOT NULL,
  log text NOT NULL,
  host text NOT NULL,
  count bigint NOT NULL CHECK (count >= 1),
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  port integer CHECK (port BETWEEN 0 AND 65535), -- of the peer; NULL if none is named
  proxy text NOT NULL DEFAULT '', -- through which somebody came; empty if there is none
  rule text, -- of a machine's policy, that decided the points; NULL for none
  PRIMARY KEY (prefix, activation, reported_by, kind, address, service, message, log, host)
);

CREATE TABLE mcblock.allowed (
  prefix cidr PRIMARY KEY,
  sequence bigint NOT NULL UNIQUE,
  removed integer NOT NULL CHECK (removed IN (0, 1)),
  note text NOT NULL,
  reported_by text NOT NULL,
  at timestamptz NOT NULL
);

CREATE TABLE mcblock.report_key (
  reported_by text NOT NULL,
  key text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (reported_by, key)
);
CREATE INDEX report_key_at ON mcblock.report_key (at);

CREATE TABLE mcblock."user" (
  name text PRIMARY KEY,
  password text NOT NULL,
  scopes text NOT NULL, -- report,read
  widest4 integer NOT NULL,
  widest6 integer NOT NULL,
  longest bigint, -- seconds; NULL: forever
  disabled integer NOT NULL CHECK (disabled IN (0, 1)),
  created_at timestamptz NOT NULL,
  -- The public key that verifies the user's messages, and since when; empty: none.
  key text NOT NULL DEFAULT '',
  key_since timestamptz NOT NULL DEFAULT to_timestamp(0)
);

-- No user has more active than this. No row: not known.
CREATE TABLE mcblock.usage (
  name text PRIMARY KEY,
  addresses4 bigint NOT NULL CHECK (addresses4 >= 0),
  prefixes6 bigint NOT NULL CHECK (prefixes6 >= 0)
);

-- Wide prefixes that one user reported, and until when they would have them blocked.
CREATE TABLE mcblock.claim (
  prefix cidr NOT NULL,
  reported_by text NOT NULL,
  until timestamptz,
  at timestamptz NOT NULL,
  PRIMARY KEY (prefix, reported_by)
);
CREATE INDEX claim_reported_by ON mcblock.claim (reported_by, at);

-- Offences at single machines that blocked nobody there, by the automatic prefix around the address.
CREATE TABLE mcblock.offence (
  network cidr NOT NULL,
  event text NOT NULL, -- the key of the event
  address text NOT NULL,
  reported_by text NOT NULL,
  at timestamptz NOT NULL,
  service text NOT NULL,
  message text NOT NULL,
  points bigint NOT NULL CHECK (points >= 1),
  count bigint NOT NULL CHECK (count >= 1),
  PRIMARY KEY (network, event)
);
CREATE INDEX offence_reported_by ON mcblock.offence (reported_by, at);

-- Published lists that are read once for all machines; the list is a JSON array of prefixes.
CREATE TABLE mcblock.feed (
  name text PRIMARY KEY,
  source text NOT NULL,
  at timestamptz NOT NULL,
  count integer NOT NULL CHECK (count >= 0),
  digest text NOT NULL,
  list text NOT NULL
);
