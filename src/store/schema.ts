import { COMMAND_RECORD } from './migration-commands.ts';
import { COVERAGE } from './migration-coverage.ts';
import { CURSORS } from './migration-cursors.ts';
import { EVENTS } from './migration-events.ts';
import { FEED_LIMITS } from './migration-feed-limits.ts';
import { FORGOTTEN } from './migration-forgotten.ts';
import { MAKERS } from './migration-makers.ts';
import { NOTIFICATIONS } from './migration-notifications.ts';
import { LIKELY_PROXIES, PROXIES } from './migration-proxies.ts';
import { RULES } from './migration-rules.ts';
import { SENDERS } from './migration-senders.ts';
import { SINGLE_REPORTS } from './migration-single-reports.ts';
import { TOLD } from './migration-told.ts';
import { DEFERRED_REPORTS, OWN_LIMITS, USER_LIMITS } from './migration-user-limits.ts';
import { USERS } from './migration-users.ts';
import { WITHDRAWALS } from './migration-withdrawals.ts';

/**
 * Migration n leads from version n to n + 1. A released migration never changes.
 *
 * A prefix is (family, length, network), the network as 4 or 16 bytes in network order, so that each
 * length is one ordered range. Times are UTC seconds. What SQL cannot check (host bits, origins,
 * ascending days) is checked when a row is read.
 */
export const MIGRATIONS: readonly string[] = [
  `
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
  PRIMARY KEY (family, length, network, number),
  FOREIGN KEY (family, length, network) REFERENCES entry
) STRICT, WITHOUT ROWID;

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

CREATE TABLE allowed (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  note TEXT NOT NULL,
  added_at INTEGER NOT NULL CHECK (added_at >= 0),
  PRIMARY KEY (family, network, length)
) STRICT, WITHOUT ROWID;

CREATE TABLE login (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  PRIMARY KEY (family, address)
) STRICT, WITHOUT ROWID;

-- What lists name that others publish is blocked as long as they name it.
CREATE TABLE feed (
  name TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  fetched_at INTEGER NOT NULL CHECK (fetched_at >= 0),
  prefixes INTEGER NOT NULL CHECK (prefixes >= 0),
  etag TEXT,
  last_modified TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_prefix (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  feed TEXT NOT NULL REFERENCES feed,
  PRIMARY KEY (family, length, network, feed)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_prefix_feed ON feed_prefix (feed);

-- Offences that made no block yet. The next log goes on from them.
CREATE TABLE pending (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  address BLOB NOT NULL CHECK (length(address) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  service TEXT NOT NULL,
  message TEXT NOT NULL,
  log TEXT NOT NULL,
  host TEXT NOT NULL,
  points INTEGER NOT NULL CHECK (points >= 1),
  count INTEGER NOT NULL CHECK (count >= 1),
  PRIMARY KEY (family, address, at, service, message, log, host)
) STRICT, WITHOUT ROWID;

-- What the last command that changed entries found before it: no row, or one.
CREATE TABLE undo (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  token BLOB NOT NULL, -- of the process
  command TEXT NOT NULL,
  at INTEGER NOT NULL CHECK (at >= 0),
  changed_since INTEGER NOT NULL CHECK (changed_since >= 0),
  too_large INTEGER NOT NULL CHECK (too_large IN (0, 1)),
  pending TEXT CHECK (json_valid(pending)) -- all that was pending, NULL: as it is now
) STRICT;

CREATE TABLE undo_entry (
  family INTEGER NOT NULL,
  length INTEGER NOT NULL,
  network BLOB NOT NULL,
  record TEXT CHECK (json_valid(record)), -- as in an export; NULL: there was none
  PRIMARY KEY (family, length, network)
) STRICT, WITHOUT ROWID;

CREATE TABLE undo_log (
  digest BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
`,
  `
-- Reports to the fleet that the server does not have yet.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
  key TEXT NOT NULL,
  prefix TEXT NOT NULL, -- of the entry that it is about
  report TEXT NOT NULL CHECK (json_valid(report))
) STRICT;
CREATE INDEX outbox_prefix ON outbox (prefix);

CREATE TABLE outbox_dropped (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL CHECK (count > 0)
) STRICT;

-- The number of the last change that was taken over from a server.
CREATE TABLE fleet_server (
  url TEXT PRIMARY KEY NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 0)
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
`,
  `
-- Which store of the server the number is of; empty where that is not known.
ALTER TABLE fleet_server ADD COLUMN store TEXT NOT NULL DEFAULT '';
`,
  `
-- A report that the API refused for its form: why, and the revision of the API. NULL: it waits.
ALTER TABLE outbox ADD COLUMN refusal TEXT;
ALTER TABLE outbox ADD COLUMN refused_revision INTEGER;
CREATE INDEX outbox_waiting ON outbox (id) WHERE refusal IS NULL;
CREATE INDEX outbox_refused ON outbox (id) WHERE refusal IS NOT NULL;
`,
  `
-- The peer's port; NULL if none is named.
ALTER TABLE pending ADD COLUMN port INTEGER CHECK (port BETWEEN 0 AND 65535);
`,
  COVERAGE,
  `
-- What is active by hand is asked for with every change of the rules.
CREATE INDEX activation_by_hand ON activation (family, length, network, number)
WHERE origin = 'manual';
`,
  `
-- The latest present time: no row, or one.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  latest INTEGER NOT NULL CHECK (latest >= 0)
) STRICT;
`,
  USERS,
  MAKERS,
  WITHDRAWALS,
  EVENTS,
  FORGOTTEN,
  CURSORS,
  FEED_LIMITS,
  COMMAND_RECORD,
  DEFERRED_REPORTS,
  SENDERS,
  USER_LIMITS,
  OWN_LIMITS,
  TOLD,
  PROXIES,
  NOTIFICATIONS,
  ...SINGLE_REPORTS,
  LIKELY_PROXIES,
  RULES,
];
