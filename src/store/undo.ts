import type { Login } from '../blocklist/trust.ts';
import { formatAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Commands } from './commands.ts';
import type { Cell, Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { History } from './history.ts';
import { keyOf } from './key.ts';
import type { Pending } from './pending.ts';
import { rowOfRecord, type StoreRecord } from './record.ts';

const WHERE = 'WHERE family = ? AND length = ? AND network = ?';

const KEEP = 'INSERT OR IGNORE INTO former_entry VALUES (?, ?, ?, ?, ?, ?, ?)';

const KEEP_EVENTS =
  'INSERT OR IGNORE INTO undo_event VALUES (?, ?, (SELECT keys FROM event WHERE block = ?))';

const KEEP_PRUNED =
  'INSERT OR IGNORE INTO undo_event SELECT ?, block, keys FROM event WHERE block < ?';

/** Stores the state before the last commands, in the transactions that change it; see UndoSteps. */
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
