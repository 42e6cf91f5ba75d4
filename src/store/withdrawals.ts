import type { Seconds } from '../blocklist/entry.ts';
import { reasonOf } from '../errors.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import type { Activation } from './history.ts';
import { keyOf, prefixOfRow } from './key.ts';
import { ACTIVATION } from './record.ts';
import { damagedRow } from './store-error.ts';

/** Only the latest are kept. */
const MAX_WITHDRAWALS = 16_384;

/** An activation that was withdrawn. */
export interface Withdrawal {
  readonly prefix: Prefix;
  readonly activation: Activation;
  readonly withdrawnAt: Seconds;
}

const RECORD = 'INSERT OR REPLACE INTO withdrawal VALUES (?, ?, ?, ?, ?, ?)';

const PRUNE = `
DELETE FROM withdrawal WHERE withdrawn_at <
  (SELECT withdrawn_at FROM withdrawal ORDER BY withdrawn_at DESC LIMIT 1 OFFSET ?)`;

const OF = `
SELECT family, length, hex(network), withdrawn_at, activation FROM withdrawal
WHERE family = ? AND length = ? AND network = ? ORDER BY at, withdrawn_at`;

const UNDO = `
DELETE FROM withdrawal
WHERE family = ? AND length = ? AND network = ? AND withdrawn_at >= ?`;

/** The activations that were withdrawn, for the history. */
export class Withdrawals {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  record({ prefix, activation, withdrawnAt }: Withdrawal): void {
    const json = JSON.stringify(ACTIVATION.write(activation));
    this.#connection.run(RECORD, ...keyOf(prefix), activation.at, withdrawnAt, json);
    this.#connection.run(PRUNE, MAX_WITHDRAWALS - 1);
  }

  /** Those of the prefixes that contain this one, the widest first, then the oldest. */
  around(prefix: Prefix): Withdrawal[] {
    const { family } = prefix;
    const lengths = this.#connection
      .rows('SELECT DISTINCT length FROM withdrawal WHERE family = ? ORDER BY length', family)
      .map(([length]) => Number(length))
      .filter((length) => length <= prefix.length);
    return lengths.flatMap((length) =>
      this.#connection.rows(OF, ...keyOf(prefixAround(prefix, length))).map((row) => {
        const [own = null, bits = null, hex = null, at, json] = row;
        try {
          const activation = ACTIVATION.read(JSON.parse(String(json)), '');
          const around = prefixOfRow('withdrawal', own, bits, hex);
          return { prefix: around, activation, withdrawnAt: Number(at) };
        } catch (error) {
          throw damagedRow('withdrawal', String(hex), reasonOf(error));
        }
      }),
    );
  }

  /** Forgets those of this prefix since then, which were undone. */
  undo(prefix: Prefix, since: Seconds): void {
    this.#connection.run(UNDO, ...keyOf(prefix), since);
  }
}
