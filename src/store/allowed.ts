import type { Expiry, Seconds } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import { isSeconds } from '../validation/time-text.ts';
import type { Connection, Row } from './connection.ts';
import { keyOf, prefixOfRow } from './key.ts';
import { damagedRow } from './store-error.ts';
import { cellOfExpiry, expiryOfCell, isExpiry } from './value.ts';

/** A prefix of the allow-list. */
export interface AllowedPrefix {
  readonly prefix: Prefix;
  readonly note: string;
  readonly addedAt: Seconds;
  /** When it ends: it protects nothing from then on. */
  readonly expiresAt: Expiry;
}

const PUT = `
INSERT INTO allowed (family, length, network, note, added_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (family, network, length) DO UPDATE SET
  note = excluded.note, added_at = excluded.added_at, expires_at = excluded.expires_at`;

const COLUMNS = 'family, length, hex(network), note, added_at, expires_at';

/** The allow-list. */
export class Allowed {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** If the prefix is on the list already, replaces its note and times. */
  put({ prefix, note, addedAt, expiresAt }: AllowedPrefix): void {
    // A row that cannot be read would keep the rules from being made.
    if (!isSeconds(addedAt) || !isExpiry(expiresAt)) {
      throw new RangeError(`bad time of an allowed prefix: ${addedAt}, ${expiresAt}`);
    }
    this.#connection.run(PUT, ...keyOf(prefix), note, addedAt, cellOfExpiry(expiresAt));
  }

  /** Returns whether the prefix was on the list. */
  remove(prefix: Prefix): boolean {
    const sql = 'DELETE FROM allowed WHERE family = ? AND length = ? AND network = ?';
    return this.#connection.run(sql, ...keyOf(prefix)) > 0;
  }

  get(prefix: Prefix): AllowedPrefix | undefined {
    const sql = `SELECT ${COLUMNS} FROM allowed WHERE family = ? AND length = ? AND network = ?`;
    const row = this.#connection.row(sql, ...keyOf(prefix));
    return row && allowedOfRow(row);
  }

  /** In the order of comparePrefixes. */
  all(): AllowedPrefix[] {
    return this.#connection
      .rows(`SELECT ${COLUMNS} FROM allowed ORDER BY family, network, length`)
      .map(allowedOfRow);
  }
}

function allowedOfRow([family, length, hex, note, addedAt, expires]: Row): AllowedPrefix {
  const prefix = prefixOfRow('allowed', family ?? null, length ?? null, hex ?? null);
  const expiresAt = expiryOfCell(expires);
  if (typeof note !== 'string' || !isSeconds(addedAt) || !isExpiry(expiresAt)) {
    throw damagedRow('allowed', `${family}/${length}/${hex}`, 'bad note or time');
  }
  return { prefix, note, addedAt, expiresAt };
}
