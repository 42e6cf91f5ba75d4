import type { Seconds } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import { isSeconds } from '../validation/time-text.ts';
import type { Connection, Row } from './connection.ts';
import { keyOf, prefixOfRow } from './key.ts';
import { damagedRow } from './store-error.ts';

/** A prefix of the allow-list. */
export interface AllowedPrefix {
  readonly prefix: Prefix;
  readonly note: string;
  readonly addedAt: Seconds;
}

const PUT = `
INSERT INTO allowed (family, length, network, note, added_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (family, network, length) DO UPDATE SET
  note = excluded.note, added_at = excluded.added_at`;

/** The allow-list. */
export class Allowed {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Replaces the note and the time of a prefix that is on the list already. */
  put({ prefix, note, addedAt }: AllowedPrefix): void {
    this.#connection.run(PUT, ...keyOf(prefix), note, addedAt);
  }

  /** Returns whether the prefix was on the list. */
  remove(prefix: Prefix): boolean {
    const sql = 'DELETE FROM allowed WHERE family = ? AND length = ? AND network = ?';
    return this.#connection.run(sql, ...keyOf(prefix)) > 0;
  }

  /** In the order of comparePrefixes. */
  all(): AllowedPrefix[] {
    return this.#connection
      .rows(
        'SELECT family, length, hex(network), note, added_at FROM allowed ORDER BY family, network, length',
      )
      .map(allowedOfRow);
  }
}

function allowedOfRow([family, length, hex, note, addedAt]: Row): AllowedPrefix {
  const prefix = prefixOfRow('allowed', family ?? null, length ?? null, hex ?? null);
  if (typeof note !== 'string' || !isSeconds(addedAt)) {
    throw damagedRow('allowed', `${family}/${length}/${hex}`, 'bad note or time');
  }
  return { prefix, note, addedAt };
}
