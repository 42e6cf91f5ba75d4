import { McblockError } from '../errors.ts';
import { keepLogin } from './kept-records.ts';
import type { StoreParts } from './parts.ts';
import { checkHeader, HEADER, recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import { recordAllowed, recordFeed, recordReadLog } from './record-change.ts';

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
        else putRecord(parts, recordOfRow(row));
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
 * Puts a record in place of the entry with its history, log, offence or feed of the same key; the later
 * time of a login is kept.
 */
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
      return recordAllowed(parts, record.allowed);
    case 'log':
      return parts.connection.together(() => {
        parts.undo.pendingChanges();
        recordReadLog(parts, record.log);
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
      return recordFeed(parts, record.feed, record.prefixes);
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
