import type { Seconds } from '../blocklist/entry.ts';
import { reasonOf } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Connection } from './connection.ts';
import type { Activation } from './history.ts';
import { keyOf, supernetsOf } from './key.ts';
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
SELECT withdrawn_at, activation FROM withdrawal
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
  supernets(prefix: Prefix): Withdrawal[] {
    return supernetsOf(prefix).flatMap((around) =>
      this.#connection.rows(OF, ...keyOf(around)).map(([at, json]) => {
        try {
          const activation = ACTIVATION.read(JSON.parse(String(json)), '');
          return { prefix: around, activation, withdrawnAt: Number(at) };
        } catch (error) {
          throw damagedRow('withdrawal', formatPrefix(around), reasonOf(error));
        }
      }),
    );
  }

  /** Forgets those of this prefix since then, which were undone. */
  undo(prefix: Prefix, since: Seconds): void {
    this.#connection.run(UNDO, ...keyOf(prefix), since);
  }
}
