import type { Seconds } from '../blocklist/entry.ts';
import type { Connection } from './connection.ts';

/** More messages of one largest age are not remembered, and count as received. */
const MAX_MESSAGES = 65_536;

const PUT_KEY = 'INSERT INTO sender VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET key = excluded.key';

const RECEIVE = `
WITH message (sender, number, at) AS (VALUES (?, ?, ?))
INSERT INTO received_message SELECT * FROM message m
WHERE NOT EXISTS (SELECT 1 FROM sender WHERE name = m.sender AND forgotten >= m.number)
ON CONFLICT DO NOTHING`;

/** Beyond the bound all messages of the same second or an earlier one are forgotten. */
const OLDEST = `
SELECT at + 1 FROM received_message ORDER BY at DESC LIMIT 1 OFFSET ${MAX_MESSAGES}`;

const KEEP_HIGHEST = `
INSERT INTO sender SELECT sender, '', max(number) FROM received_message WHERE at < ? GROUP BY sender
ON CONFLICT DO UPDATE SET forgotten = max(forgotten, excluded.forgotten)`;

/** The other machines that publish: their keys, and the numbers of their messages. */
export class Senders {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** By name. */
  keys(): Map<string, string> {
    const rows = this.#connection.rows("SELECT name, key FROM sender WHERE key <> ''");
    return new Map(Array.from(rows, ([name, key]) => [String(name), String(key)]));
  }

  /** Replaces all keys. Numbers of senders without a key are kept. */
  replaceKeys(keys: ReadonlyMap<string, string>): void {
    this.#connection.together(() => {
      this.#connection.run("UPDATE sender SET key = ''");
      for (const [name, key] of keys) this.#connection.run(PUT_KEY, name, key);
    });
  }

  /**
   * Remembers a message. False if it was received before, or if that cannot be told any more. Numbers
   * of a sender rise, but messages of its processes may overtake each other.
   */
  receive(sender: string, number: number, at: Seconds): boolean {
    return this.#connection.run(RECEIVE, sender, number, at) > 0;
  }

  /** Forgets the messages before this time, which are too old to be accepted again. */
  forget(before: Seconds): void {
    this.#connection.together(() => {
      const oldest = Math.max(before, Number(this.#connection.row(OLDEST)?.[0] ?? 0));
      this.#connection.run(KEEP_HIGHEST, oldest);
      this.#connection.run('DELETE FROM received_message WHERE at < ?', oldest);
    });
  }
}
