import {
  FLEET_FEED_COLUMNS,
  type FleetFeed,
  type FleetFeeds,
  fleetFeedOfRow,
} from '../fleet-feeds.ts';
import type { SqliteConnection } from './connection.ts';

const COLUMNS = FLEET_FEED_COLUMNS.join(', ');

/** The feeds of the fleet in an SQLite file. */
export class SqliteFleetFeeds implements FleetFeeds {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async all(): Promise<readonly FleetFeed[]> {
    const rows = this.#connection.rows(`SELECT ${COLUMNS} FROM feed ORDER BY name`);
    return rows.map((row) =>
      fleetFeedOfRow(
        Object.fromEntries(FLEET_FEED_COLUMNS.map((name, index) => [name, row[index]])),
      ),
    );
  }

  async list(name: string): Promise<string | undefined> {
    const row = this.#connection.row('SELECT list FROM feed WHERE name = ?', name);
    return row && String(row[0]);
  }

  async put({ name, source, at, count, digest }: FleetFeed, list: string): Promise<void> {
    const sql = `INSERT OR REPLACE INTO feed (${COLUMNS}, list) VALUES (?, ?, ?, ?, ?, ?)`;
    this.#connection.run(sql, name, source, at, count, digest, list);
  }

  async remove(name: string): Promise<boolean> {
    return this.#connection.run('DELETE FROM feed WHERE name = ?', name) > 0;
  }
}
