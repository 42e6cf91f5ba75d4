import { addressBytes } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import { keyOf } from './key.ts';

const PUT_NUMBER = `
INSERT INTO fleet_server VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET sequence = excluded.sequence`;

const TAKE =
  'INSERT INTO pf_taken VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET round = excluded.round';

/** The tables of pf are read to report to the API and to ring the bell, each at its own times. */
type Purpose = 'api' | 'bell';

/** How far this machine is with its fleet, and with the tables of pf. */
export class FleetState {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The number of the last change that was taken over from this server; 0 for none. */
  sequence(url: string): number {
    return Number(
      this.#connection.row('SELECT sequence FROM fleet_server WHERE url = ?', url)?.[0] ?? 0,
    );
  }

  /** To be called in the transaction that takes the changes over. */
  setSequence(url: string, sequence: number): void {
    this.#connection.run(PUT_NUMBER, url, sequence);
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
