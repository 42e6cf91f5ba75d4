import { addressBytes } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import { keyOf } from './key.ts';

const PUT_POSITION = `
INSERT INTO fleet_server (url, sequence, store) VALUES (?, ?, ?)
ON CONFLICT (url) DO UPDATE SET sequence = excluded.sequence, store = excluded.store`;

const TAKE =
  'INSERT INTO pf_taken VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET round = excluded.round';

/** The last change that was taken over from a server. */
export interface Position {
  /** 0 for none. */
  readonly sequence: number;
  /** Which of its stores it is a number of; empty where that is not known. */
  readonly store: string;
}

/** The tables of pf are read to report to the API and to publish, at different times. */
type Purpose = 'api' | 'pubsub';

/** How far this machine is with its fleet, and with the tables of pf. */
export class FleetState {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  position(url: string): Position {
    const sql = 'SELECT sequence, store FROM fleet_server WHERE url = ?';
    const [sequence = 0, store = ''] = this.#connection.row(sql, url) ?? [];
    return { sequence: Number(sequence), store: String(store) };
  }

  /** To be called in the transaction that takes the changes over. */
  setPosition(url: string, { sequence, store }: Position): void {
    this.#connection.run(PUT_POSITION, url, sequence, store);
  }

  /** Whether this prefix was in that table of pf when it was last read for this. */
  isTaken(purpose: Purpose, table: string, prefix: Prefix): boolean {
    const sql =
      'SELECT 1 FROM pf_taken WHERE name = ? AND family = ? AND length = ? AND network = ?';
    const name = nameOf(purpose, table);
    return this.#connection.row(sql, name, ...keyOf(prefix)) !== undefined;
  }

  /** That table holds these now: what has left it and comes again is a new offence. */
  setTaken(purpose: Purpose, table: string, prefixes: readonly Prefix[]): void {
    const name = nameOf(purpose, table);
    this.#connection.together(() => {
      // Every minute it is most often as it was; then nothing is written.
      const held = this.#connection.row('SELECT count(*) FROM pf_taken WHERE name = ?', name)?.[0];
      const isSame = prefixes.every((prefix) => this.isTaken(purpose, table, prefix));
      if (isSame && Number(held) === prefixes.length) return;
      const last = this.#connection.row('SELECT max(round) FROM pf_taken WHERE name = ?', name);
      const round = Number(last?.[0] ?? 0) + 1;
      for (const prefix of prefixes) {
        const { family, length } = prefix;
        this.#connection.run(TAKE, name, family, length, addressBytes(prefix), round);
      }
      this.#connection.run('DELETE FROM pf_taken WHERE name = ? AND round < ?', name, round);
    });
  }
}

/** No table of pf has a blank in its name. */
function nameOf(purpose: Purpose, table: string): string {
  return purpose === 'api' ? table : `${purpose} ${table}`;
}
