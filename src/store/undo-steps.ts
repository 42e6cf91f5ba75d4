import type { Offence } from '../blocklist/offence.ts';
import { reasonOf } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import { OFFENCE } from '../validation/offence.ts';
import type { Commands, RecordedCommand } from './commands.ts';
import type { Cell, Row } from './connection.ts';
import { restoreRecord } from './kept-records.ts';
import { prefixOfRow } from './key.ts';
import type { StoreParts } from './parts.ts';
import { recordOfRow, type StoreRecord } from './record.ts';
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

/** Entries of one command that are named in the record of changes. */
const MAX_NAMED = 1000;

/** Whether nothing else changed the entry since the command that wrote a row of this table. */
const isUnchanged = (table: string) => `NOT EXISTS (
  SELECT 1 FROM entry AS e WHERE e.family = ${table}.family AND e.length = ${table}.length
  AND e.network = ${table}.network AND e.command IS NOT ${table}.command)`;

/** The entries before the command, except those that were changed since. */
const FORMER = `
SELECT f.family, f.length, hex(f.network), f.record, f.former_command, f.commands
FROM former_entry AS f WHERE f.command = ? AND ${isUnchanged('f')}`;

/** These, and the entries that the command made. */
const CHANGED = `${FORMER} UNION ALL
SELECT family, length, hex(network), NULL, NULL, NULL FROM entry AS e
WHERE command = ? AND NOT EXISTS (
  SELECT 1 FROM former_entry AS f
  WHERE f.command = e.command AND f.family = e.family AND f.length = e.length AND f.network = e.network)`;

const MADE = 'SELECT family, length, network FROM entry WHERE command = ?';

/**
 * The commands that can be undone. Undo leaves entries that something else changed since, such as a
 * daemon.
 */
export class UndoSteps {
  readonly #parts: StoreParts;
  readonly #commands: Commands;

  constructor(parts: StoreParts, commands: Commands) {
    this.#parts = parts;
    this.#commands = commands;
  }

  /** The last commands, at most `most`, the latest first. */
  last(most: number): RecordedCommand[] {
    return this.#commands.steps(most);
  }

  /** The number of entries that undo would restore: those that nothing else changed since. */
  countEntries({ id }: RecordedCommand): number {
    const { connection } = this.#parts;
    return Number(connection.row(`SELECT count(*) FROM (${CHANGED})`, id, id)?.[0]);
  }

  /** The first of these entries as they were before, in the order of comparePrefixes. */
  entries({ id }: RecordedCommand, most: number): FormerEntry[] {
    const sql = `${CHANGED} ORDER BY 1, 3, 2 LIMIT ?`;
    return this.#parts.connection.rows(sql, id, id, most).map(formerOfRow);
  }

  /** The prefixes that the command put on the allow-list, changed or removed there. */
  allowed({ id }: RecordedCommand): FormerAllowed[] {
    const sql = `SELECT key ->> 1, record IS NOT NULL FROM former_record
WHERE command = ? AND key ->> 0 = 'allow' ORDER BY key`;
    return this.#parts.connection.rows(sql, id).map(([prefix, wasAllowed]) => ({
      prefix: parsePrefix(String(prefix)),
      wasAllowed: wasAllowed === 1,
    }));
  }

  /**
   * Undoes the latest command: entries with their history, logs read, and the allow-list. Returns the
   * number of its reports to the fleet that were not sent yet, and will not be.
   */
  takeBack(step: RecordedCommand): number {
    const { connection, changes, coverage, history, outbox, pending } = this.#parts;
    return connection.together(() => {
      coverage.forget();
      for (const { prefix } of this.entries(step, MAX_NAMED)) {
        changes.add('undone', prefix, { note: step.text });
      }
      const before = outbox.pending.isOn ? pending.all() : [];
      this.#restoreEntries(step);
      outbox.pending.takeBack(() => {
        const kept = new Set(pending.all().map(textOf));
        return before.filter((offence) => !kept.has(textOf(offence)));
      });
      const kept = 'SELECT key, record FROM former_record WHERE command = ?';
      for (const [key, json] of connection.rows(kept, step.id)) {
        const former = typeof json === 'string' ? recordOfJson(json) : undefined;
        restoreRecord(this.#parts, String(key), former);
      }
      this.#commands.undone(step.id);
      // What something else changed since is still there, and so is what was reported of it.
      return outbox.takeBack(step.id, (prefix) => history.commandsOf(prefix).includes(step.id));
    });
  }

  /** Restores entries, pending offences and the logs read, in the current transaction. */
  #restoreEntries({ id }: RecordedCommand): void {
    const { connection, entries, history, pending } = this.#parts;
    // What was removed of the entries that are restored; of others, it is all that is left of it.
    for (const table of ['forgotten', 'withdrawal']) {
      connection.run(`DELETE FROM ${table} WHERE command = ? AND ${isUnchanged(table)}`, id);
    }
    for (const row of connection.rows(FORMER, id)) {
      const { prefix, former } = formerOfRow(row);
      if (former === undefined) continue;
      const commands = JSON.parse(String(row[5])) as (number | null)[];
      entries.put(former.entry, numberOf(row[4]));
      history.replace(prefix, former.history, commands);
    }
    connection.run(`DELETE FROM activation WHERE (family, length, network) IN (${MADE})`, id);
    connection.run('DELETE FROM entry WHERE command = ?', id);
    entries.removedMany();
    const former = connection.row('SELECT pending FROM command WHERE id = ?', id)?.[0];
    // If others changed the pending offences, the log stays read, or its offences would count twice.
    if (typeof former !== 'string') return;
    connection.run(
      'DELETE FROM log WHERE digest IN (SELECT digest FROM undo_log WHERE command = ?)',
      id,
    );
    connection.run(
      'DELETE FROM event WHERE block IN (SELECT block FROM undo_event WHERE command = ?)',
      id,
    );
    connection.run(
      'INSERT INTO event SELECT block, keys FROM undo_event WHERE command = ? AND keys IS NOT NULL',
      id,
    );
    pending.replace(offencesOfJson(former));
  }
}

function textOf(offence: Offence): string {
  return JSON.stringify(OFFENCE.write(offence));
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
