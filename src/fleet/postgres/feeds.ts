import {
  FLEET_FEED_COLUMNS,
  type FleetFeed,
  type FleetFeeds,
  fleetFeedOfRow,
} from '../fleet-feeds.ts';
import type { Queries } from './queries.ts';
import { selectFrom } from './statements.ts';

const PUT = `
INSERT INTO mcblock.feed (${FLEET_FEED_COLUMNS.join(', ')}, list)
VALUES ($1, $2, to_timestamp($3), $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET source = excluded.source, at = excluded.at,
  count = excluded.count, digest = excluded.digest, list = excluded.list`;
const ALL = selectFrom('feed', FLEET_FEED_COLUMNS, 'ORDER BY name COLLATE "C"');

/** The feeds of the fleet in PostgreSQL. */
export class PostgresFleetFeeds implements FleetFeeds {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async all(): Promise<readonly FleetFeed[]> {
    return (await this.#queries.rows(ALL)).map(fleetFeedOfRow);
  }

  async list(name: string): Promise<string | undefined> {
    const [row] = await this.#queries.rows('SELECT list FROM mcblock.feed WHERE name = $1', name);
    return row && String(row['list']);
  }

  async put({ name, source, at, count, digest }: FleetFeed, list: string): Promise<void> {
    await this.#queries.run(PUT, name, source, at, count, digest, list);
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#queries.run('DELETE FROM mcblock.feed WHERE name = $1', name)) > 0;
  }
}
