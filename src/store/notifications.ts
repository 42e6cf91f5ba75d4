import type { Seconds } from '../blocklist/entry.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import type { Connection } from './connection.ts';

/** Something that is to be sent. */
export interface Notification {
  readonly type: string;
  readonly at: Seconds;
  /** For programs. */
  readonly details: Readonly<Record<string, string | number>>;
}

export interface WaitingNotification extends Notification {
  readonly id: number;
}

const KEPT_SECONDS = 3 * DAY_SECONDS;
/** The oldest are removed first. */
const MAX_ROWS = 10_000;

const ADD = 'INSERT OR IGNORE INTO notification (key, at, type, details) VALUES (?, ?, ?, ?)';
const LIMIT = `
DELETE FROM notification WHERE id <= (SELECT max(id) FROM notification) - ${MAX_ROWS}`;
const PRUNE = 'DELETE FROM notification WHERE at < ?';
const WAITING = `
SELECT id, type, at, details FROM notification WHERE settled_at IS NULL ORDER BY id`;
const SENT = 'SELECT count(*) FROM notification WHERE sent = 1 AND settled_at > ?';
const SETTLE = 'UPDATE notification SET settled_at = ?, sent = ? WHERE id = ?';

/** The notifications of the last days. Whoever adds one is never kept waiting by a receiver. */
export class Notifications {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param key of the event; an event with a known key is none */
  add(key: string, { type, at, details }: Notification): void {
    this.#connection.together(() => {
      this.#connection.run(ADD, key, at, type, JSON.stringify(details));
      this.#connection.run(LIMIT);
    });
  }

  /** Removes those of more than three days ago. */
  prune(now: Seconds): void {
    this.#connection.run(PRUNE, now - KEPT_SECONDS);
  }

  /** Those not sent yet, the oldest first. */
  waiting(): WaitingNotification[] {
    return this.#connection.rows(WAITING).map(([id, type, at, details]) => ({
      id: Number(id),
      type: String(type),
      at: Number(at),
      details: JSON.parse(String(details)) as Notification['details'],
    }));
  }

  /** How many were sent after this time. */
  sentAfter(at: Seconds): number {
    return Number(this.#connection.row(SENT, at)?.[0]);
  }

  /** Records that they were sent, or left out. */
  settle(ids: Iterable<number>, at: Seconds, wasSent: boolean): void {
    this.#connection.together(() => {
      for (const id of ids) this.#connection.run(SETTLE, at, wasSent ? 1 : 0, id);
    });
  }
}
