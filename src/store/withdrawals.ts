import type { Seconds } from '../blocklist/entry.ts';
import { reasonOf } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Connection, Row } from './connection.ts';
import type { Activation } from './history.ts';
import { keyOf, prefixOfRow, supernetsOf } from './key.ts';
import { ACTIVATION } from './record.ts';
import { damagedRow } from './store-error.ts';

/** Only the latest are kept. */
const MAX_WITHDRAWALS = 16_384;

/** Why an activation was withdrawn: a later login excuses its offences, or a person said so. */
export type WithdrawalReason = 'login' | 'mistake';

/** An activation that was withdrawn. */
export interface Withdrawal {
  readonly prefix: Prefix;
  readonly activation: Activation;
  readonly withdrawnAt: Seconds;
  readonly reason: WithdrawalReason;
}

const RECORD = `
INSERT OR REPLACE INTO withdrawal
  (family, length, network, at, withdrawn_at, activation, reason, command)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

const PRUNE = `
DELETE FROM withdrawal WHERE withdrawn_at <
  (SELECT withdrawn_at FROM withdrawal ORDER BY withdrawn_at DESC LIMIT 1 OFFSET ?)`;

const COLUMNS = 'family, length, hex(network), withdrawn_at, activation, reason';
const OF = `
SELECT ${COLUMNS} FROM withdrawal
WHERE family = ? AND length = ? AND network = ? ORDER BY at, withdrawn_at`;
const LATEST = `
SELECT max(withdrawn_at) FROM withdrawal WHERE family = ? AND length = ? AND network = ?`;
const ALL = `
SELECT ${COLUMNS} FROM withdrawal ORDER BY family, network, length, at, withdrawn_at`;

/** The activations that were withdrawn, for the history. */
export class Withdrawals {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param command the command that withdrew it */
  record(withdrawal: Withdrawal, command: number | undefined): void {
    const { prefix, activation, withdrawnAt, reason } = withdrawal;
    const json = JSON.stringify(ACTIVATION.write(activation));
    const times = [activation.at, withdrawnAt];
    this.#connection.run(RECORD, ...keyOf(prefix), ...times, json, reason, command ?? null);
    this.#connection.run(PRUNE, MAX_WITHDRAWALS - 1);
  }

  /** Those of the prefixes that contain this one, the widest first, then the oldest. */
  supernets(prefix: Prefix): Withdrawal[] {
    return supernetsOf(prefix).flatMap((around) =>
      this.#connection.rows(OF, ...keyOf(around)).map(withdrawalOfRow),
    );
  }

  /** When an activation of exactly this prefix was withdrawn last; -1 if none was. */
  latestAt(prefix: Prefix): Seconds {
    return Number(this.#connection.row(LATEST, ...keyOf(prefix))?.[0] ?? -1);
  }

  /** In the order of comparePrefixes, then the oldest first. */
  all(): Withdrawal[] {
    return this.#connection.rows(ALL).map(withdrawalOfRow);
  }
}

function withdrawalOfRow([family, length, hex, at, json, reason]: Row): Withdrawal {
  const prefix = prefixOfRow('withdrawal', family ?? null, length ?? null, hex ?? null);
  try {
    const activation = ACTIVATION.read(JSON.parse(String(json)), '');
    const isMistake = reason === 'mistake';
    return { prefix, activation, withdrawnAt: Number(at), reason: isMistake ? reason : 'login' };
  } catch (error) {
    throw damagedRow('withdrawal', formatPrefix(prefix), reasonOf(error));
  }
}
