import type { Seconds } from '../blocklist/entry.ts';
import type { Connection } from './connection.ts';

/** The time is written no more often than this. */
const EVERY_SECONDS = 60;
const RECORD = `
INSERT INTO clock VALUES (1, ?)
ON CONFLICT (id) DO UPDATE SET latest = excluded.latest WHERE excluded.latest > latest`;

/** Remembers the latest present time, for a machine whose clock is set back or was lost. */
export class LatestTime {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The latest time that was recorded; at most a minute older than the latest there was. */
  latest(): Seconds | undefined {
    const row = this.#connection.row('SELECT latest FROM clock');
    return row && Number(row[0]);
  }

  /** Records the present time, unless it is in doubt or one that is nearly as late is recorded. */
  record(now: Seconds | undefined): void {
    if (now === undefined) return;
    const latest = this.latest();
    if (latest === undefined || now >= latest + EVERY_SECONDS) this.#connection.run(RECORD, now);
  }
}
