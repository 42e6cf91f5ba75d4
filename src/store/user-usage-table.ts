import type { Seconds } from '../blocklist/entry.ts';
import type { Usage } from '../blocklist/user-usage.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Connection } from './connection.ts';
import { IS_ACTIVE } from './entries.ts';
import { prefixOfRow } from './key.ts';

/** By the partial index, whose condition it has to repeat. */
const ACTIVE = `
SELECT family, length, hex(network)
FROM activation CROSS JOIN entry USING (family, length, network)
WHERE activation.made_by = ? AND activation.made_by <> '' AND number = activations AND ${IS_ACTIVE}`;

/** The most that a user of the fleet has active here, and when that was counted. */
export interface CountedUsage extends Usage {
  readonly countedAt: Seconds;
}

/** How much the users of the fleet have active here. */
export class UserUsageTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Undefined if nobody has counted. */
  get(user: string): CountedUsage | undefined {
    const sql = 'SELECT addresses4, prefixes6, counted_at FROM user_usage WHERE name = ?';
    const row = this.#connection.row(sql, user);
    if (row === undefined) return undefined;
    const [addresses4 = 0, prefixes6 = 0, countedAt = 0] = row.map(Number);
    return { addresses4, prefixes6, countedAt };
  }

  /** Without effect outside a transaction: a dry run keeps nothing. */
  set(user: string, { addresses4, prefixes6, countedAt }: CountedUsage): void {
    if (!this.#connection.inTransaction) return;
    const sql = 'INSERT OR REPLACE INTO user_usage VALUES (?, ?, ?, ?)';
    this.#connection.run(sql, user, addresses4, prefixes6, countedAt);
  }

  /** The prefixes of the entries active at that time that the user activated. */
  active(user: string, at: Seconds): PrefixList {
    const list = new PrefixList();
    for (const [family, length, hex] of this.#connection.rows(ACTIVE, user, at, at)) {
      list.push(prefixOfRow('entry', family ?? null, length ?? null, hex ?? null));
    }
    return list;
  }
}
