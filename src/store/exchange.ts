import type { Login } from '../blocklist/trust.ts';
import { McblockError } from '../errors.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
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
import { checkHeader, HEADER, recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import { loginKey, type Undo } from './undo.ts';

/** The parts of a store. */
export interface StoreParts {
  readonly connection: Connection;
  readonly entries: Entries;
  readonly history: History;
  readonly forgotten: Forgotten;
  readonly logs: Logs;
  readonly allowed: Allowed;
  readonly logins: LoginTable;
  readonly pending: Pending;
  readonly spent: Pending;
  readonly feeds: Feeds;
  readonly undo: Undo;
  readonly changes: Changes;
  readonly outbox: Outbox;
  readonly coverage: StoredCoverage;
}

/** The header, then one JSON object per record, from one snapshot of the store. */
export function* exportRows(parts: StoreParts): IterableIterator<object> {
  const end = parts.connection.snapshot();
  try {
    yield HEADER;
    for (const record of records(parts)) yield rowOfRecord(record);
  } finally {
    end();
  }
}

/**
 * Imports the rows of an export, all or none. Returns the number of records. Throws McblockError
 * with the number of the line.
 */
export function importRows(parts: StoreParts, rows: Iterable<unknown>): number {
  return parts.connection.together(() => {
    let number = 0;
    for (const row of rows) {
      number += 1;
      try {
        if (number === 1) checkHeader(row);
        else importRow(parts, row);
      } catch (error) {
        if (!(error instanceof McblockError)) throw error;
        throw new McblockError(error.code, `line ${number}: ${error.message}`, { cause: error });
      }
    }
    // An empty file is not an export.
    if (number === 0) checkHeader(undefined);
    return number - 1;
  });
}

/**
 * Imports one record. It replaces the entry with its history, log, offence or feed of the same key;
 * the later time of a login is kept. Throws McblockError('input').
 */
export function importRow(parts: StoreParts, row: unknown): void {
  putRecord(parts, recordOfRow(row));
}

function putRecord(parts: StoreParts, record: StoreRecord): void {
  switch (record.type) {
    case 'entry':
      return parts.connection.together(() => {
        const command = parts.undo.entryChanges(record.entry.prefix);
        const commands = record.history.map(() => command ?? null);
        parts.entries.put(record.entry, command);
        parts.history.replace(record.entry.prefix, record.history, commands);
      });
    case 'forgotten':
      return parts.forgotten.put(record.forgotten, parts.undo.begun());
    case 'allow':
      return parts.connection.together(() => {
        keepAllowed(parts, record.allowed.prefix);
        parts.allowed.put(record.allowed);
        const { prefix, note, expiresAt: until } = record.allowed;
        parts.changes.add('allowed', prefix, { until, note });
      });
    case 'log':
      return parts.connection.together(() => {
        parts.undo.pendingChanges();
        if (parts.logs.find(record.log.digest) === undefined) {
          parts.undo.logRead(record.log.digest);
        }
        parts.logs.record(record.log);
      });
    case 'login':
      return parts.connection.together(() => {
        keepLogin(parts, record.login);
        parts.logins.record([record.login]);
      });
    case 'pending':
      return parts.connection.together(() => {
        parts.undo.pendingChanges();
        parts.pending.put(record.offence);
      });
    case 'feed':
      return parts.connection.together(() => {
        keepFeed(parts, record.feed.name);
        parts.feeds.replace(record.feed, record.prefixes);
      });
  }
}

/** Keeps a prefix of the allow-list for undo, before it is changed or removed. */
export function keepAllowed({ undo, allowed }: StoreParts, prefix: Prefix): void {
  undo.recordChanges(JSON.stringify(['allow', formatPrefix(prefix)]), () => {
    const former = allowed.get(prefix);
    return former && { type: 'allow', allowed: former };
  });
}

function keepLogin({ undo, logins }: StoreParts, changed: Login): void {
  undo.recordChanges(loginKey(changed), () => {
    const login = logins.get(changed);
    return login && { type: 'login', login };
  });
}

/** Keeps a feed for undo, before it is changed or removed. */
export function keepFeed({ undo, feeds }: StoreParts, name: string): void {
  undo.recordChanges(JSON.stringify(['feed', name]), () => {
    const feed = feeds.all().find((one) => one.name === name);
    return feed && { type: 'feed', feed, prefixes: feeds.prefixesOf(name) };
  });
}

/** Removes offences that led to activations, from the prefix, and keeps them for undo. */
export function takeSpent({ connection, undo, spent }: StoreParts, prefix: Prefix): void {
  connection.together(() => {
    for (const offence of spent.take(prefix)) {
      const record = { type: 'pending', offence } as const;
      undo.recordChanges(JSON.stringify(['spent', rowOfRecord(record)]), () => record);
    }
  });
}

/** Restores a record that was kept; undefined: there was none. */
export function restoreRecord(parts: StoreParts, key: string, former: StoreRecord | undefined) {
  const [type, name, service, user] = JSON.parse(key) as [string, string, string, number];
  if (type === 'allow') parts.allowed.remove(parsePrefix(name));
  else if (type === 'feed') parts.feeds.remove(name);
  else if (type === 'login') {
    const address = parseAddress(name);
    if (address !== undefined) {
      parts.logins.remove({ address, service, user: user === 0 ? undefined : user });
    }
  }
  if (former?.type === 'allow') parts.allowed.put(former.allowed);
  else if (former?.type === 'feed') parts.feeds.replace(former.feed, former.prefixes);
  else if (former?.type === 'login') parts.logins.record([former.login]);
  else if (former?.type === 'pending') parts.spent.put(former.offence);
}

function* records(parts: StoreParts): IterableIterator<StoreRecord> {
  for (const allowed of parts.allowed.all()) yield { type: 'allow', allowed };
  for (const entry of parts.entries.walk()) {
    // An entry that was never active has no history.
    const history = entry.activations === 0 ? [] : parts.history.of(entry.prefix);
    yield { type: 'entry', entry, history };
  }
  for (const forgotten of parts.forgotten.all()) yield { type: 'forgotten', forgotten };
  for (const log of parts.logs.all()) yield { type: 'log', log };
  for (const login of parts.logins.all()) yield { type: 'login', login };
  for (const offence of parts.pending.all()) yield { type: 'pending', offence };
  for (const feed of parts.feeds.all()) {
    yield { type: 'feed', feed, prefixes: parts.feeds.prefixesOf(feed.name) };
  }
}
