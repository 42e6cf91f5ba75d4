import type { Seconds } from '../blocklist/entry.ts';
import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Cell, Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { Forgotten } from './forgotten.ts';
import type { History } from './history.ts';
import { keyOf, prefixOfRow } from './key.ts';
import type { Pending } from './pending.ts';
import { recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import { damagedRow } from './store-error.ts';

/** A command that can be undone. */
export interface UndoableCommand {
  /** As typed, perhaps shortened. */
  readonly text: string;
  readonly at: Seconds;
  /** If it changes more entries, it cannot be undone. */
  readonly mostEntries: number;
}

/** The last command that changed entries. */
export interface LastCommand extends Omit<UndoableCommand, 'mostEntries'> {
  /** The number of entries that undo would restore. */
  readonly entries: number;
  /** The number of entries that others have changed since, which undo leaves alone. */
  readonly changedSince: number;
  /** It changed too many entries to be undone. */
  readonly isTooLarge: boolean;
  /** The number of logs that undo would mark as unread. */
  readonly logs: number;
}

/** An entry that the command changed, and its former state: undefined if there was none. */
export interface FormerEntry {
  readonly prefix: Prefix;
  readonly former: Extract<StoreRecord, { type: 'entry' }> | undefined;
}

const KEEP = 'INSERT OR IGNORE INTO undo_entry VALUES (?, ?, ?, NULL)';

const KEEP_EVENTS =
  'INSERT OR IGNORE INTO undo_event VALUES (?, (SELECT keys FROM event WHERE block = ?))';

const LAST = `
SELECT command, at, changed_since, too_large, (SELECT count(*) FROM undo_entry),
  iif(pending IS NULL, 0, (SELECT count(*) FROM undo_log))
FROM undo`;

/**
 * The former state of the entries that the last command changed, stored in the same transaction. A
 * command is all that one process does from its first change of an entry. Changes by others (a log
 * that is followed, a peer) exclude their entries from undo.
 */
export class Undo {
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #history: History;
  readonly #pending: Pending;
  readonly #forgotten: Forgotten;
  readonly #command: UndoableCommand | undefined;
  /** Identifies the command of this process; undefined until it changes an entry. */
  #token: Cell | undefined;
  /** The transaction in which `#isOurs` was determined. */
  #looked = -1;
  #isOurs = false;
  #kept = 0;

  constructor(
    connection: Connection,
    entries: Entries,
    history: History,
    pending: Pending,
    forgotten: Forgotten,
    command: UndoableCommand | undefined,
  ) {
    this.#connection = connection;
    this.#entries = entries;
    this.#history = history;
    this.#pending = pending;
    this.#forgotten = forgotten;
    this.#command = command;
  }

  /** To be called before an entry is changed, in the same transaction. */
  entryChanges(prefix: Prefix): void {
    if (this.#command === undefined) this.#leave(prefix);
    else this.#keep(prefix, this.#command);
  }

  /** To be called when a new log is recorded. */
  logRead(digest: Uint8Array): void {
    if (!this.#isCurrent()) return;
    this.#connection.run('INSERT OR IGNORE INTO undo_log VALUES (?)', digest);
  }

  /** To be called before the keys of events in a block change. */
  eventsChange(block: number): void {
    if (!this.#isCurrent()) return;
    this.#connection.run(KEEP_EVENTS, block, block);
  }

  /** To be called before the pending offences change. */
  pendingChanges(): void {
    if (!this.#isCurrent()) {
      this.#connection.run('UPDATE undo SET pending = NULL WHERE pending IS NOT NULL');
      return;
    }
    if (this.#connection.row('SELECT pending IS NULL FROM undo')?.[0] !== 1) return;
    const rows = this.#pending.all().map((offence) => rowOfRecord({ type: 'pending', offence }));
    this.#connection.run('UPDATE undo SET pending = ?', JSON.stringify(rows));
  }

  /** Undefined if there is none or it was undone. */
  last(): LastCommand | undefined {
    const row = this.#connection.row(LAST);
    if (row === undefined) return undefined;
    const [text, at, changedSince, tooLarge, entries, logs] = row;
    return {
      text: String(text),
      at: Number(at),
      changedSince: Number(changedSince),
      isTooLarge: tooLarge === 1,
      entries: Number(entries),
      logs: Number(logs),
    };
  }

  /** In the order of comparePrefixes. */
  *formerEntries(): Generator<FormerEntry> {
    const rows = this.#connection.rows(
      'SELECT family, length, hex(network), record FROM undo_entry ORDER BY family, network, length',
    );
    for (const [family = null, length = null, hex = null, json] of rows) {
      const prefix = prefixOfRow('undo_entry', family, length, hex);
      const former = typeof json === 'string' ? recordOfJson(json) : undefined;
      if (former !== undefined && former.type !== 'entry') {
        throw damagedRow('undo_entry', String(hex), 'not an entry');
      }
      yield { prefix, former };
    }
  }

  /** Restores the former state in the current transaction, and forgets the command. */
  takeBack(): void {
    const since = this.last()?.at ?? Number.POSITIVE_INFINITY;
    for (const { prefix, former } of this.formerEntries()) {
      this.#history.replace(prefix, []);
      if (former === undefined) this.#entries.remove(prefix);
      else {
        this.#entries.put(former.entry);
        this.#history.replace(prefix, former.history);
        this.#forgotten.undo(prefix, since);
      }
    }
    const pending = this.#connection.row('SELECT pending FROM undo')?.[0];
    // If others changed the pending offences, the log stays read, or its offences would count twice.
    if (typeof pending === 'string') {
      this.#connection.run('DELETE FROM log WHERE digest IN (SELECT digest FROM undo_log)');
      this.#connection.execute(`
        DELETE FROM event WHERE block IN (SELECT block FROM undo_event);
        INSERT INTO event SELECT block, keys FROM undo_event WHERE keys IS NOT NULL`);
      this.#pending.replace(offencesOfJson(pending));
    }
    this.#clear();
  }

  #keep(prefix: Prefix, command: UndoableCommand): void {
    if (!this.#isCurrent()) this.#begin(command);
    if (this.#kept > command.mostEntries) return;
    const key = keyOf(prefix);
    // Nothing more to do for an entry that was saved already.
    if (this.#connection.run(KEEP, ...key) === 0) return;
    this.#kept++;
    if (this.#kept > command.mostEntries) {
      this.#connection.execute('DELETE FROM undo_entry; UPDATE undo SET too_large = 1');
      return;
    }
    const entry = this.#entries.get(prefix);
    if (entry === undefined) return;
    const history = entry.activations === 0 ? [] : this.#history.of(prefix);
    this.#connection.run(
      'UPDATE undo_entry SET record = ? WHERE family = ? AND length = ? AND network = ?',
      JSON.stringify(rowOfRecord({ type: 'entry', entry, history })),
      ...key,
    );
  }

  #leave(prefix: Prefix): void {
    const sql = 'DELETE FROM undo_entry WHERE family = ? AND length = ? AND network = ?';
    if (this.#connection.run(sql, ...keyOf(prefix)) === 0) return;
    this.#connection.run('UPDATE undo SET changed_since = changed_since + 1');
  }

  /** Whether the last command is ours. */
  #isCurrent(): boolean {
    if (this.#command === undefined) return false;
    // Another process may have begun a command since, or ours was rolled back.
    if (this.#looked !== this.#connection.transactions) {
      const ours = this.#token;
      this.#isOurs =
        ours !== undefined &&
        this.#connection.row('SELECT 1 FROM undo WHERE token = ?', ours) !== undefined;
      this.#kept = this.#isOurs ? this.#countKept() : 0;
      this.#looked = this.#connection.transactions;
    }
    return this.#isOurs;
  }

  #countKept(): number {
    const [isTooLarge, count] =
      this.#connection.row('SELECT too_large, (SELECT count(*) FROM undo_entry) FROM undo') ?? [];
    return isTooLarge === 1 ? Number.POSITIVE_INFINITY : Number(count);
  }

  #begin({ text, at }: UndoableCommand): void {
    this.#clear();
    // Random bytes of SQLite, as loading Node's crypto module takes longer.
    this.#token ??= this.#connection.row('SELECT randomblob(16)')?.[0] ?? null;
    this.#connection.run(
      'INSERT INTO undo (id, token, command, at, changed_since, too_large) VALUES (1, ?, ?, ?, 0, 0)',
      this.#token,
      text,
      at,
    );
    this.#isOurs = true;
    this.#kept = 0;
  }

  #clear(): void {
    this.#connection.execute(
      'DELETE FROM undo; DELETE FROM undo_entry; DELETE FROM undo_log; DELETE FROM undo_event',
    );
  }
}

function recordOfJson(json: string): StoreRecord {
  try {
    return recordOfRow(JSON.parse(json));
  } catch (error) {
    throw new McblockError('store', 'the store is damaged: table undo', {
      cause: error,
    });
  }
}

function* offencesOfJson(json: string) {
  for (const row of JSON.parse(json) as unknown[]) {
    const record = recordOfRow(row);
    if (record.type === 'pending') yield record.offence;
  }
}
