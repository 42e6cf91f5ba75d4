import type { Seconds } from '../blocklist/entry.ts';
import { addressBytes } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { WidestLengths } from '../net/wide.ts';
import { ClaimTable } from './claims.ts';
import type { Connection } from './connection.ts';
import { keyOf } from './key.ts';
import { Senders } from './senders.ts';

const PUT_POSITION = `
INSERT INTO fleet_server (url, sequence, store) VALUES (?, ?, ?)
ON CONFLICT (url) DO UPDATE SET sequence = excluded.sequence, store = excluded.store`;

const SET_REFUSED = `
UPDATE fleet_server
SET refused = min(coalesce(refused, ?), ?), refused_at = coalesce(refused_at, ?) WHERE url = ?`;
const GO_BACK = `
UPDATE fleet_server SET sequence = min(sequence, refused - 1), refused = NULL, refused_at = NULL
WHERE url = ? AND refused_at < ?`;

const TAKE =
  'INSERT INTO pf_taken VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET round = excluded.round';

/** The last change that was applied from a server. */
export interface Position {
  /** 0 if there is none. */
  readonly sequence: number;
  /** The identity of the server's store; empty if unknown. */
  readonly store: string;
}

/** The tables of pf are read both for the API and for pub/sub, at different times. */
type Purpose = 'api' | 'pubsub';

/** The progress of this machine with its fleet and with the tables of pf. */
export class FleetState {
  /** The other machines that publish. */
  readonly senders: Senders;
  /** What waits until more machines report it. */
  readonly claims: ClaimTable;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.senders = new Senders(connection);
    this.claims = new ClaimTable(connection);
  }

  /**
   * A transaction that applies what a server sends, or other machines that report to it. It does not
   * wait for the disk: if the power fails, the position is lost too, and the same is fetched again.
   */
  applying<T>(work: () => T): T {
    return this.#connection.unsyncedTransaction(work);
  }

  /**
   * Identifies what was committed before the current transaction, and with it: `after` of one is
   * `before` of the next if nobody wrote in between.
   */
  get states(): { readonly before: string; readonly after: string } {
    return this.#connection.states;
  }

  position(url: string): Position {
    const sql = 'SELECT sequence, store FROM fleet_server WHERE url = ?';
    const [sequence = 0, store = ''] = this.#connection.row(sql, url) ?? [];
    return { sequence: Number(sequence), store: String(store) };
  }

  /** To be called in the transaction that applies the changes. */
  setPosition(url: string, { sequence, store }: Position): void {
    this.#connection.run(PUT_POSITION, url, sequence, store);
  }

  /** The shortest prefix lengths that this machine may have blocked by the server; undefined: not known. */
  widest(url: string): WidestLengths | undefined {
    const row = this.#connection.row(
      'SELECT widest4, widest6 FROM fleet_server WHERE url = ?',
      url,
    );
    const [widest4 = null, widest6 = null] = row ?? [];
    if (widest4 === null || widest6 === null) return undefined;
    return { widest4: Number(widest4), widest6: Number(widest6) };
  }

  setWidest(url: string, { widest4, widest6 }: WidestLengths): void {
    const known = this.widest(url);
    if (known?.widest4 === widest4 && known.widest6 === widest6) return;
    const sql = 'UPDATE fleet_server SET widest4 = ?, widest6 = ? WHERE url = ?';
    this.#connection.run(sql, widest4, widest6, url);
  }

  /** A change was refused for now: what comes from it on is to be asked for again another day. */
  setRefused(url: string, sequence: number, at: Seconds): void {
    this.#connection.run(SET_REFUSED, sequence, sequence, at, url);
  }

  /** Goes back to the first change that was refused, if that was before this time. */
  goBackToRefused(url: string, before: Seconds): void {
    this.#connection.run(GO_BACK, url, before);
  }

  /** Whether the prefix was in the table of pf when it was last read for this purpose. */
  isTaken(purpose: Purpose, table: string, prefix: Prefix): boolean {
    const sql =
      'SELECT 1 FROM pf_taken WHERE name = ? AND family = ? AND length = ? AND network = ?';
    const name = nameOf(purpose, table);
    return this.#connection.row(sql, name, ...keyOf(prefix)) !== undefined;
  }

  /** Records what the table holds: a prefix that leaves it and comes back is a new offence. */
  setTaken(purpose: Purpose, table: string, prefixes: readonly Prefix[]): void {
    const name = nameOf(purpose, table);
    this.#connection.together(() => {
      // The table is usually unchanged; then nothing is written.
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
