import {
  FLEET_FEED_COLUMNS,
  type FleetFeed,
  type FleetFeeds,
  fleetFeedOfRow,
} from '../fleet-feeds.ts';
import { selectRows } from './change.ts';
import type { SqliteConnection } from './connection.ts';
import { selection } from './statements.ts';

const ALL = selection(FLEET_FEED_COLUMNS, 'FROM feed ORDER BY name');
const PUT = `
INSERT OR REPLACE INTO feed (${FLEET_FEED_COLUMNS.join(', ')}, list) VALUES (?, ?, ?, ?, ?, ?)`;

/** The feeds of the fleet in an SQLite file. */
export class SqliteFleetFeeds implements FleetFeeds {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async all(): Promise<readonly FleetFeed[]> {
    return selectRows(this.#connection, ALL).map(fleetFeedOfRow);
  }

  async list(name: string): Promise<string | undefined> {
    const row = this.#connection.row('SELECT list FROM feed WHERE name = ?', name);
    return row && String(row[0]);
  }

  async put({ name, source, at, count, digest }: FleetFeed, list: string): Promise<void> {
    this.#connection.run(PUT, name, source, at, count, digest, list);
  }

  async remove(name: string): Promise<boolean> {
    return this.#connection.run('DELETE FROM feed WHERE name = ?', name) > 0;
  }
}
