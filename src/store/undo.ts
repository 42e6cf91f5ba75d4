import type { Login } from '../blocklist/trust.ts';
import { reasonOf } from '../errors.ts';
import { formatAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { Commands, RecordedCommand } from './commands.ts';
import type { Cell, Connection, Row } from './connection.ts';
import type { Entries } from './entries.ts';
import type { History } from './history.ts';
import { keyOf, prefixOfRow } from './key.ts';
import type { Pending } from './pending.ts';
import { recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import { damagedRow } from './store-error.ts';

/** An entry that a command changed, and its former state: undefined if there was none. */
export interface FormerEntry {
  readonly prefix: Prefix;
  readonly former: Extract<StoreRecord, { type: 'entry' }> | undefined;
}

/** A prefix of which a command changed the row in the allow-list. */
export interface FormerAllowed {
  readonly prefix: Prefix;
  readonly wasAllowed: boolean;
}

/** A row of the allow-list, a login or a feed that a command changed. */
interface FormerRecord {
  readonly key: string;
  /** Undefined if there was none. */
  readonly former: StoreRecord | undefined;
}

const WHERE = 'WHERE family = ? AND length = ? AND network = ?';

const KEEP = 'INSERT OR IGNORE INTO former_entry VALUES (?, ?, ?, ?, ?, ?, ?)';

const KEEP_EVENTS =
  'INSERT OR IGNORE INTO undo_event VALUES (?, ?, (SELECT keys FROM event WHERE block = ?))';

const KEEP_PRUNED =
  'INSERT OR IGNORE INTO undo_event SELECT ?, block, keys FROM event WHERE block < ?';

/** The entries before the command, except those that were changed since. */
const FORMER = `
SELECT f.family, f.length, hex(f.network), f.record, f.former_command, f.commands
FROM former_entry AS f LEFT JOIN entry AS e
  ON e.family = f.family AND e.length = f.length AND e.network = f.network
WHERE f.command = ? AND (e.family IS NULL OR e.command = f.command)`;

/** These, and the entries that the command made. */
const CHANGED = `${FORMER} UNION ALL
SELECT family, length, hex(network), NULL, NULL, NULL FROM entry AS e
WHERE command = ? AND NOT EXISTS (
  SELECT 1 FROM former_entry AS f
  WHERE f.command = e.command AND f.family = e.family AND f.length = e.length AND f.network = e.network)`;

const MADE = 'SELECT family, length, network FROM entry WHERE command = ?';

/**
 * The state before the last commands, stored in the transactions that change it. Undo leaves entries
 * that something else changed since, such as a daemon.
 */
export class Undo {
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #entries: Entries;
  readonly #history: History;
  readonly #pending: Pending;
  /** Entries that the command of this process removed. */
  readonly #removed = new Set<string>();

  constructor(
    connection: Connection,
    commands: Commands,
    entries: Entries,
    history: History,
    pending: Pending,
  ) {
    this.#connection = connection;
    this.#commands = commands;
    this.#entries = entries;
    this.#history = history;
    this.#pending = pending;
  }

  /** The command of this process, which is recorded if it is not yet; undefined if it has none. */
  begun(): number | undefined {
    return this.#commands.begun();
  }

  /**
   * Call this before an entry is changed, in the same transaction. Returns the command.
   * @param isFirst whether there is no entry yet
   */
  entryChanges(prefix: Prefix, isFirst = false): number | undefined {
    const command = this.#commands.begun();
    if (command === undefined) return undefined;
    const row = isFirst
      ? undefined
      : this.#connection.row(`SELECT command FROM entry ${WHERE}`, ...keyOf(prefix));
    if (row === undefined) {
      const isBack = this.#removed.size > 0 && this.#removed.delete(formatPrefix(prefix));
      if (!isBack) this.#commands.countEntry(1);
    } else if (row[0] !== command) {
      this.#commands.countEntry(1);
      if (this.#commands.keeping() !== undefined) this.#keep(command, prefix, row[0] ?? null);
    }
    return command;
  }

  /** Call this before an entry is removed, after entryChanges. */
  entryRemoved(prefix: Prefix): void {
    const key = keyOf(prefix);
    const command = this.#commands.current();
    if (this.#commands.keeping() === undefined) {
      this.#connection.run(`DELETE FROM former_entry ${WHERE}`, ...key);
    } else if (
      this.#connection.row(
        `SELECT 1 FROM former_entry ${WHERE} AND command = ?`,
        ...key,
        command ?? null,
      )
    ) {
      this.#removed.add(formatPrefix(prefix));
    } else this.#commands.countEntry(-1);
  }

  /**
   * Call this before a record of another kind changes.
   * @param former reads the record; undefined if there is none
   */
  recordChanges(key: string, former: () => StoreRecord | undefined): void {
    this.#commands.begun();
    const command = this.#commands.keeping();
    if (command === undefined) {
      this.#connection.run('DELETE FROM former_record WHERE key = ?', key);
      return;
    }
    const known = this.#connection.row(
      'SELECT 1 FROM former_record WHERE key = ? AND command = ?',
      key,
      command,
    );
    if (known !== undefined) return;
    const record = former();
    const json = record === undefined ? null : JSON.stringify(rowOfRecord(record));
    this.#connection.run('INSERT INTO former_record VALUES (?, ?, ?)', key, command, json);
    this.#commands.countKept();
  }

  /** Call this before logins are recorded that undo must not change. */
  loginsChange(logins: readonly Login[]): void {
    // The range of the keys that loginKey makes.
    const sql = 'SELECT 1 FROM former_record WHERE key >= ? AND key < ? LIMIT 1';
    if (this.#connection.row(sql, '["login",', '["login"-') === undefined) return;
    for (const login of logins) {
      this.#connection.run('DELETE FROM former_record WHERE key = ?', loginKey(login));
    }
  }

  /** Call this when a new log is recorded. */
  logRead(digest: Uint8Array): void {
    const command = this.#commands.keeping();
    if (command === undefined) return;
    this.#connection.run('INSERT OR IGNORE INTO undo_log VALUES (?, ?)', command, digest);
  }

  /** Call this before the keys of events in a block change. */
  eventsChange(block: number): void {
    const command = this.#commands.keeping();
    if (command !== undefined) this.#connection.run(KEEP_EVENTS, command, block, block);
  }

  /** Call this before the blocks before this one are removed. */
  eventsPruned(before: number): void {
    const command = this.#commands.keeping();
    if (command !== undefined) this.#connection.run(KEEP_PRUNED, command, before);
  }

  /** Call this before the pending offences change. */
  pendingChanges(): void {
    const command = this.#commands.keeping();
    if (command === undefined) {
      this.#connection.run('UPDATE command SET pending = NULL WHERE pending IS NOT NULL');
      return;
    }
    const row = this.#connection.row('SELECT pending IS NULL FROM command WHERE id = ?', command);
    if (row?.[0] !== 1) return;
    const rows = this.#pending.all().map((offence) => rowOfRecord({ type: 'pending', offence }));
    this.#connection.run(
      'UPDATE command SET pending = ? WHERE id = ?',
      JSON.stringify(rows),
      command,
    );
  }

  /** The number of entries that undo would restore: those that nothing else changed since. */
  countFormer({ id }: RecordedCommand): number {
    return Number(this.#connection.row(`SELECT count(*) FROM (${CHANGED})`, id, id)?.[0]);
  }

  /** The first of them in the order of comparePrefixes, at most `most`. */
  formerEntries({ id }: RecordedCommand, most: number): FormerEntry[] {
    const sql = `${CHANGED} ORDER BY 1, 3, 2 LIMIT ?`;
    return this.#connection.rows(sql, id, id, most).map(formerOfRow);
  }

  /** The records of other kinds before the command. */
  formerRecords({ id }: RecordedCommand): FormerRecord[] {
    return this.#connection
      .rows('SELECT key, record FROM former_record WHERE command = ?', id)
      .map(([key, json]) => ({
        key: String(key),
        former: typeof json === 'string' ? recordOfJson(json) : undefined,
      }));
  }

  /** The prefixes that the command put on the allow-list, changed or removed there. */
  formerAllowed({ id }: RecordedCommand): FormerAllowed[] {
    const sql = `SELECT key ->> 1, record IS NOT NULL FROM former_record
WHERE command = ? AND key ->> 0 = 'allow' ORDER BY key`;
    return this.#connection.rows(sql, id).map(([prefix, wasAllowed]) => ({
      prefix: parsePrefix(String(prefix)),
      wasAllowed: wasAllowed === 1,
    }));
  }

  /** Restores entries, pending offences and the logs read, in the current transaction. */
  takeBack(step: RecordedCommand): void {
    const { id } = step;
    for (const row of this.#connection.rows(FORMER, id)) {
      const { prefix, former } = formerOfRow(row);
      if (former === undefined) continue;
      const commands = JSON.parse(String(row[5])) as (number | null)[];
      this.#entries.put(former.entry, numberOf(row[4]));
      this.#history.replace(prefix, former.history, commands);
    }
    this.#connection.run(`DELETE FROM activation WHERE (family, length, network) IN (${MADE})`, id);
    this.#connection.run('DELETE FROM entry WHERE command = ?', id);
    this.#entries.removedMany();
    for (const table of ['forgotten', 'withdrawal']) {
      this.#connection.run(`DELETE FROM ${table} WHERE command = ?`, id);
    }
    const pending = this.#connection.row('SELECT pending FROM command WHERE id = ?', id)?.[0];
    // If others changed the pending offences, the log stays read, or its offences would count twice.
    if (typeof pending !== 'string') return;
    this.#connection.run(
      'DELETE FROM log WHERE digest IN (SELECT digest FROM undo_log WHERE command = ?)',
      id,
    );
    this.#connection.run(
      'DELETE FROM event WHERE block IN (SELECT block FROM undo_event WHERE command = ?)',
      id,
    );
    this.#connection.run(
      'INSERT INTO event SELECT block, keys FROM undo_event WHERE command = ? AND keys IS NOT NULL',
      id,
    );
    this.#pending.replace(offencesOfJson(pending));
  }

  #keep(command: number, prefix: Prefix, formerCommand: Cell): void {
    const key = keyOf(prefix);
    const entry = this.#entries.get(prefix);
    if (entry === undefined) return;
    const history = entry.activations === 0 ? [] : this.#history.of(prefix);
    const record = JSON.stringify(rowOfRecord({ type: 'entry', entry, history }));
    const commands = JSON.stringify(history.length === 0 ? [] : this.#history.commandsOf(prefix));
    const kept = this.#connection.run(KEEP, command, ...key, formerCommand, commands, record);
    if (kept > 0) this.#commands.countKept();
  }
}

/** The key of a login among the records of other kinds. */
export function loginKey({ address, service, user }: Login): string {
  return JSON.stringify(['login', formatAddress(address), service, user ?? 0]);
}

function formerOfRow([family, length, hex, json]: Row): FormerEntry {
  const prefix = prefixOfRow('former_entry', family ?? null, length ?? null, hex ?? null);
  const former = typeof json === 'string' ? recordOfJson(json) : undefined;
  if (former === undefined || former.type === 'entry') return { prefix, former };
  throw damagedRow('former_entry', String(hex), 'not an entry');
}

function recordOfJson(json: string): StoreRecord {
  try {
    return recordOfRow(JSON.parse(json));
  } catch (error) {
    throw damagedRow('former_entry', json.slice(0, 80), reasonOf(error));
  }
}

function* offencesOfJson(json: string) {
  for (const row of JSON.parse(json) as unknown[]) {
    const record = recordOfRow(row);
    if (record.type === 'pending') yield record.offence;
  }
}

function numberOf(cell: Cell | undefined): number | undefined {
  return typeof cell === 'number' ? cell : undefined;
}
