import type { Seconds } from '../blocklist/entry.ts';
import type { Cell, Connection, Row } from './connection.ts';

/** Only the latest commands are kept. */
const MAX_COMMANDS = 100_000;
/** Only the latest commands can be undone. */
const MAX_STEPS = 20;
/** Entries that all commands that can be undone may keep together. */
const MAX_KEPT = 250_000;

/** The command of this process. */
export interface StoreCommand {
  /** As typed, perhaps shortened. */
  readonly text: string;
  /** Who runs it; empty if unknown. */
  readonly user: string;
  readonly isUndoable: boolean;
  /** The time of a change. */
  readonly now: () => Seconds;
  /** If it changes more existing entries than this, it cannot be undone. */
  readonly mostEntries: number;
}

/** A command that changed the store. */
export interface RecordedCommand {
  readonly id: number;
  readonly text: string;
  readonly user: string;
  /** When it made its first change. */
  readonly at: Seconds;
  /** The number of entries that it changed. */
  readonly entries: number;
  /** The number of logs that undo would mark as unread. */
  readonly logs: number;
  readonly state: CommandState;
  /** The fleet has something of what it did. */
  readonly isSent: boolean;
}

/** `final`: it cannot be undone, or no longer. `too large`: it changed too many entries for that. */
type CommandState = 'undoable' | 'too large' | 'undone' | 'final';

/** Which commands are asked for. All conditions must hold. */
export interface CommandFilter {
  readonly since?: Seconds | undefined;
  readonly until?: Seconds | undefined;
  /** Text in the command, in any case. */
  readonly command?: string | undefined;
  /** Text in the name of the user, in any case. */
  readonly by?: string | undefined;
}

const BEGIN = `
INSERT INTO command (token, at, text, user, entries, kept, state) VALUES (?, ?, ?, ?, 0, 0, ?)
RETURNING id`;

const UNDOABLE = "state IN ('undoable', 'too large')";

const LATEST = `
SELECT id, token, state, kept FROM command WHERE ${UNDOABLE} ORDER BY id DESC LIMIT 1`;

const OWN = 'SELECT id, token, state, kept FROM command WHERE id = ? AND token = ?';

const COUNT = 'UPDATE command SET entries = entries + ?, kept = kept + ? WHERE id = ?';

const ROWS = `
SELECT id, text, user, at, entries, state,
  iif(pending IS NULL, 0, (SELECT count(*) FROM undo_log WHERE command = id)), sent
FROM command`;

const STEPS = `${ROWS} WHERE ${UNDOABLE} ORDER BY id DESC LIMIT ?`;

const LIST = `${ROWS} WHERE at >= ? AND at < ?
AND instr(lower(text), lower(?)) > 0 AND instr(lower(user), lower(?)) > 0
ORDER BY id DESC LIMIT ?`;

/** Those beyond the number of steps, or beyond what is kept. */
const OLD_STEPS = `
SELECT id FROM (
  SELECT id, row_number() OVER newest AS step, sum(kept) OVER newest AS kept
  FROM command WHERE ${UNDOABLE} WINDOW newest AS (ORDER BY id DESC)
) WHERE step > ${MAX_STEPS} OR (step > 1 AND kept > ${MAX_KEPT})`;

/** Not those that can be undone: they have rows in other tables. */
const PRUNE = `DELETE FROM command WHERE id <= ? AND NOT (${UNDOABLE})`;

/** The tables that keep the state before a command. */
const FORMER = ['former_entry', 'former_record', 'undo_log', 'undo_event'] as const;

/**
 * The commands that changed the store. A command is all that one process does, as long as no other
 * command that can be undone begins.
 */
export class Commands {
  readonly #connection: Connection;
  readonly #command: StoreCommand | undefined;
  /** Identifies this process. */
  #token: Cell | undefined;
  #id: number | undefined;
  /** The transaction in which `#id` was found to be current. */
  #looked = -1;
  #isTooLarge = false;
  #kept = 0;
  /** Not written yet. */
  #newEntries = 0;
  #newKept = 0;

  constructor(connection: Connection, command: StoreCommand | undefined) {
    this.#connection = connection;
    this.#command = command;
    connection.onCommit(() => this.#writeCounts());
  }

  /** The command of this process, recorded at its first change; undefined if it has none. */
  begun(): number | undefined {
    if (this.#command === undefined) return undefined;
    const current = this.current();
    return current ?? this.#begin(this.#command);
  }

  /** The same if it was recorded and no other command began since. */
  current(): number | undefined {
    if (this.#token === undefined) return undefined;
    if (this.#looked !== this.#connection.transactions) {
      // Another process may have begun a command since, or ours was rolled back.
      const row = this.#command?.isUndoable
        ? this.#connection.row(LATEST)
        : this.#connection.row(OWN, this.#id ?? 0, this.#token);
      this.#take(row && isSame(row[1], this.#token) ? row : undefined);
    }
    return this.#id;
  }

  /** The current command, if it can be undone and is not too large. */
  keeping(): number | undefined {
    const id = this.#command?.isUndoable ? this.current() : undefined;
    return this.#isTooLarge ? undefined : id;
  }

  /** The fleet has something of what the current command did. */
  sent(): void {
    const id = this.current();
    if (id !== undefined) this.#connection.run('UPDATE command SET sent = 1 WHERE id = ?', id);
  }

  /** The time of a change; undefined if this process has no command. */
  now(): Seconds | undefined {
    return this.#command?.now();
  }

  /** Counts an entry that the current command changes; -1: one that it made and removed. */
  countEntry(one: 1 | -1): void {
    this.#newEntries += one;
  }

  /** Counts a row that is kept for undo. If there are too many, all of them are dropped. */
  countKept(): void {
    this.#newKept++;
    this.#kept++;
    const { mostEntries } = this.#command ?? {};
    if (this.#id === undefined || mostEntries === undefined || this.#kept <= mostEntries) return;
    this.#isTooLarge = true;
    this.#dropFormer(this.#id);
    this.#connection.run("UPDATE command SET state = 'too large' WHERE id = ?", this.#id);
  }

  /** The commands that can be undone, the latest first. */
  steps(most: number): RecordedCommand[] {
    return this.#connection.rows(STEPS, most).map(commandOfRow);
  }

  /** The last commands, at most `most`, the latest first. */
  list(filter: CommandFilter, most: number): RecordedCommand[] {
    const { since = 0, until = Number.MAX_SAFE_INTEGER, command = '', by = '' } = filter;
    return this.#connection.rows(LIST, since, until, command, by, most).map(commandOfRow);
  }

  /** Marks a command as undone and forgets what it found. */
  undone(id: number): void {
    this.#dropFormer(id);
    this.#connection.run("UPDATE command SET state = 'undone', pending = NULL WHERE id = ?", id);
    this.#looked = -1;
  }

  #begin({ text, user, isUndoable, now }: StoreCommand): number {
    for (const [old] of isUndoable ? this.#connection.rows(OLD_STEPS) : []) {
      this.#dropFormer(Number(old));
      this.#connection.run(
        "UPDATE command SET state = 'final', pending = NULL WHERE id = ?",
        Number(old),
      );
    }
    // Random bytes of SQLite, as loading Node's crypto module takes longer.
    this.#token ??= this.#connection.row('SELECT randomblob(16)')?.[0] ?? null;
    const state = isUndoable ? 'undoable' : 'final';
    const [id] = this.#connection.row(BEGIN, this.#token, now(), text, user, state) ?? [];
    this.#connection.run(PRUNE, Number(id) - MAX_COMMANDS);
    this.#take([Number(id), this.#token, state, 0]);
    return Number(id);
  }

  /** The row of the command in this transaction. */
  #take(row: Row | undefined): void {
    const [id, , state, kept] = row ?? [];
    this.#id = row && Number(id);
    this.#isTooLarge = state === 'too large';
    this.#kept = Number(kept ?? 0);
    this.#newEntries = 0;
    this.#newKept = 0;
    this.#looked = this.#connection.transactions;
  }

  #writeCounts(): void {
    if (this.#looked !== this.#connection.transactions || this.#id === undefined) return;
    if (this.#newEntries === 0 && this.#newKept === 0) return;
    this.#connection.run(COUNT, this.#newEntries, this.#newKept, this.#id);
    this.#newEntries = 0;
    this.#newKept = 0;
  }

  #dropFormer(id: number): void {
    for (const table of FORMER) this.#connection.run(`DELETE FROM ${table} WHERE command = ?`, id);
  }
}

function isSame(token: Cell | undefined, own: Cell): boolean {
  return (
    token instanceof Uint8Array && own instanceof Uint8Array && Buffer.compare(token, own) === 0
  );
}

function commandOfRow([id, text, user, at, entries, state, logs, sent]: Row): RecordedCommand {
  return {
    id: Number(id),
    text: String(text),
    user: String(user),
    at: Number(at),
    entries: Number(entries),
    logs: Number(logs),
    state: state as CommandState,
    isSent: sent === 1,
  };
}
