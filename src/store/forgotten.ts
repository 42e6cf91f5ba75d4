import type { Seconds } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { History } from './history.ts';
import { keyOf, supernetsOf } from './key.ts';
import { type ForgottenEntry, recordOfRow, rowOfRecord, type StoreRecord } from './record.ts';
import { damagedRow } from './store-error.ts';

const PUT = `
INSERT INTO forgotten VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (family, length, network, at) DO UPDATE SET record = excluded.record`;
const OF_PREFIX = `
SELECT record FROM forgotten WHERE family = ? AND length = ? AND network = ? ORDER BY at`;
const ALL = 'SELECT record FROM forgotten ORDER BY family, network, length, at';

/** What was forgotten by hand. It has no part in any decision. */
export class Forgotten {
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #history: History;

  constructor(connection: Connection, entries: Entries, history: History) {
    this.#connection = connection;
    this.#entries = entries;
    this.#history = history;
  }

  /**
   * Moves an entry and its history here. Throws if there is none.
   * @param command the command that forgets it
   */
  add(prefix: Prefix, forgottenAt: Seconds, command: number | undefined): void {
    const entry = this.#entries.get(prefix);
    if (entry === undefined) throw new Error('there is no entry to forget');
    this.put({ entry, history: this.#history.of(prefix), forgottenAt }, command);
    this.#history.replace(prefix, []);
    this.#entries.remove(prefix);
  }

  put(forgotten: ForgottenEntry, command: number | undefined): void {
    const { entry, forgottenAt } = forgotten;
    const record = JSON.stringify(rowOfRecord({ type: 'forgotten', forgotten }));
    this.#connection.run(PUT, ...keyOf(entry.prefix), forgottenAt, record, command ?? null);
  }

  /** Those that contain the prefix, the widest first, then the oldest. */
  supernets(prefix: Prefix): ForgottenEntry[] {
    if (this.#connection.row('SELECT 1 FROM forgotten LIMIT 1') === undefined) return [];
    return supernetsOf(prefix).flatMap((around) =>
      this.#connection.column(OF_PREFIX, ...keyOf(around)).map(forgottenOf),
    );
  }

  /** In the order of comparePrefixes, then by time. */
  all(): ForgottenEntry[] {
    return this.#connection.column(ALL).map(forgottenOf);
  }
}

function forgottenOf(json: unknown): ForgottenEntry {
  let record: StoreRecord;
  try {
    record = recordOfRow(JSON.parse(String(json)));
  } catch (error) {
    throw damagedRow('forgotten', String(json).slice(0, 80), String(error));
  }
  if (record.type === 'forgotten') return record.forgotten;
  throw damagedRow('forgotten', record.type, 'not a forgotten entry');
}
