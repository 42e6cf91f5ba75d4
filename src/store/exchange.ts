import { McblockError } from '../errors.ts';
import type { Allowed } from './allowed.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { Feeds } from './feeds.ts';
import type { Forgotten } from './forgotten.ts';
import type { History } from './history.ts';
import type { LoginTable } from './logins.ts';
import type { Logs } from './logs.ts';
import type { Pending } from './pending.ts';
import { checkHeader, HEADER, recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import type { Undo } from './undo.ts';

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
  readonly feeds: Feeds;
  readonly undo: Undo;
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
  const record = recordOfRow(row);
  switch (record.type) {
    case 'entry':
      return parts.connection.together(() => {
        parts.undo.entryChanges(record.entry.prefix);
        parts.entries.put(record.entry);
        parts.history.replace(record.entry.prefix, record.history);
      });
    case 'forgotten':
      return parts.forgotten.put(record.forgotten);
    case 'allow':
      return parts.allowed.put(record.allowed);
    case 'log':
      return parts.connection.together(() => {
        parts.undo.pendingChanges();
        if (parts.logs.find(record.log.digest) === undefined) {
          parts.undo.logRead(record.log.digest);
        }
        parts.logs.record(record.log);
      });
    case 'login':
      return parts.logins.record([record.login]);
    case 'pending':
      return parts.connection.together(() => {
        parts.undo.pendingChanges();
        parts.pending.put(record.offence);
      });
    case 'feed':
      return parts.feeds.replace(record.feed, record.prefixes);
  }
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
