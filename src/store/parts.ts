import type { Allowed } from './allowed.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { StoredCoverage } from './coverage.ts';
import type { Entries } from './entries.ts';
import type { Feeds } from './feeds.ts';
import type { Forgotten } from './forgotten.ts';
import type { History } from './history.ts';
import type { LoginTable } from './logins.ts';
import type { Logs } from './logs.ts';
import type { Outbox } from './outbox.ts';
import type { Pending } from './pending.ts';
import type { Undo } from './undo.ts';

/** The parts of a store that say what is blocked. */
export interface ReadParts {
  readonly connection: Connection;
  readonly entries: Entries;
  readonly history: History;
  readonly forgotten: Forgotten;
  readonly allowed: Allowed;
  readonly logins: LoginTable;
  readonly feeds: Feeds;
}

/** All parts of a store. */
export interface StoreParts extends ReadParts {
  readonly logs: Logs;
  readonly pending: Pending;
  readonly spent: Pending;
  readonly undo: Undo;
  readonly changes: Changes;
  readonly outbox: Outbox;
  readonly coverage: StoredCoverage;
}
