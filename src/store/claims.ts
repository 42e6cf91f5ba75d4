import type { Expiry, Seconds } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import { keyOf, supernetsOf } from './key.ts';

/** Older claims are dropped; the API knows of them. */
const MAX_CLAIMS = 4096;

const OF_PREFIX = 'WHERE family = ? AND length = ? AND network = ?';
const VALID = '(until IS NULL OR until > ?)';
const PUT = 'INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?)';
const KEY = 'family, length, network, name';
const DROP = `
DELETE FROM claim WHERE (${KEY}) IN (
  SELECT ${KEY} FROM claim ORDER BY at DESC LIMIT -1 OFFSET ${MAX_CLAIMS})`;

/**
 * Wide prefixes that users of the fleet reported, which wait until others report them too
 * (`fleet.quorum`).
 */
export class ClaimTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Records that the user would have the prefix blocked. Returns how many users claim it, or a prefix
   * that contains it.
   */
  claim(prefix: Prefix, by: string, until: Expiry, at: Seconds): number {
    return this.#connection.together(() => {
      this.#connection.run(PUT, ...keyOf(prefix), by, until === 'forever' ? null : until, at);
      this.#connection.run(DROP);
      const sql = `SELECT name FROM claim ${OF_PREFIX} AND ${VALID}`;
      const names = supernetsOf(prefix).flatMap((one) =>
        this.#connection.column(sql, ...keyOf(one), at),
      );
      return new Set(names).size;
    });
  }

  /** The prefix is blocked: it waits no longer. */
  settle(prefix: Prefix): void {
    this.#connection.run(`DELETE FROM claim ${OF_PREFIX}`, ...keyOf(prefix));
  }

  /** How many prefixes wait. */
  waiting(at: Seconds): number {
    const sql = `SELECT count(*) FROM (SELECT DISTINCT family, length, network FROM claim WHERE ${VALID})`;
    return Number(this.#connection.row(sql, at)?.[0]);
  }
}
