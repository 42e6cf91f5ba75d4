import type { Seconds } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { Connection } from './connection.ts';

const KEPT_SECONDS = 30 * 86_400;
const MAX_ROWS = 1000;
const ADD = `
INSERT INTO likely_proxy VALUES (?, ?, ?)
ON CONFLICT (prefix) DO UPDATE SET
  offences = offences + excluded.offences, last_at = max(last_at, excluded.last_at)`;
const PRUNE = `
DELETE FROM likely_proxy WHERE last_at < ? OR prefix NOT IN (
  SELECT prefix FROM likely_proxy ORDER BY last_at DESC, prefix LIMIT ?)`;

/** A prefix whose offences did not count, as it may be a proxy. */
export interface UncountedProxy {
  readonly prefix: Prefix;
  readonly offences: number;
  /** The latest time at which it may have been one. */
  readonly lastAt: Seconds;
}

/** The prefixes that may be proxies, of the last thirty days, at most a thousand. */
export class LikelyProxies {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Those since then, the latest first. */
  since(at: Seconds): UncountedProxy[] {
    const sql =
      'SELECT prefix, offences, last_at FROM likely_proxy WHERE last_at >= ? ORDER BY last_at DESC, prefix';
    return this.#connection.rows(sql, at).map(([text, offences, lastAt]) => ({
      prefix: parsePrefix(String(text)),
      offences: Number(offences),
      lastAt: Number(lastAt),
    }));
  }

  /** Without effect outside a transaction: a dry run keeps nothing. */
  add(proxies: readonly UncountedProxy[]): void {
    if (proxies.length === 0 || !this.#connection.inTransaction) return;
    for (const { prefix, offences, lastAt } of proxies) {
      this.#connection.run(ADD, formatPrefix(prefix), offences, lastAt);
    }
    const latest = Math.max(...proxies.map(({ lastAt }) => lastAt));
    this.#connection.run(PRUNE, Math.max(0, latest - KEPT_SECONDS), MAX_ROWS);
  }
}
