import type { Seconds } from '../blocklist/entry.ts';
import { type FleetRow, readRow, textField, wholeField } from './fleet-row.ts';

/** A published list that is read once for all machines. */
export interface FleetFeed {
  readonly name: string;
  /** Where an administrator's machine fetched it. */
  readonly source: string;
  /** When it was put here. */
  readonly at: Seconds;
  readonly count: number;
  /** Of its list. */
  readonly digest: string;
}

/** The feeds of the fleet. Every method may throw McblockError('store'). */
export interface FleetFeeds {
  /** By name. */
  all(): Promise<readonly FleetFeed[]>;
  /** The prefixes, as a JSON array; undefined if there is no such feed. */
  list(name: string): Promise<string | undefined>;
  /** Adds the feed, or replaces the one of this name. */
  put(feed: FleetFeed, list: string): Promise<void>;
  /** Returns whether the feed existed. */
  remove(name: string): Promise<boolean>;
}

export const FLEET_FEED_COLUMNS = ['name', 'source', 'at', 'count', 'digest'] as const;

export function fleetFeedOfRow(row: FleetRow): FleetFeed {
  return readRow('feed', row, () => ({
    name: textField(row, 'name'),
    source: textField(row, 'source'),
    at: wholeField(row, 'at'),
    count: wholeField(row, 'count'),
    digest: textField(row, 'digest'),
  }));
}
