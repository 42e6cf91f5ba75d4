import type { Seconds } from '../blocklist/entry.ts';
import { addressBytes, type Family } from '../net/address.ts';
import { comparePrefixes, lastAddress, type Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { isSeconds, isWhole } from '../validation/time-text.ts';
import type { Connection, Row } from './connection.ts';
import { keyOf, prefixOfRow, pushHex, supernetsOf } from './key.ts';
import { damagedRow } from './store-error.ts';

/** A published list of prefixes, as of the last fetch. */
export interface Feed {
  readonly name: string;
  /** A file, an https URL, or `-` for standard input. */
  readonly source: string;
  readonly fetchedAt: Seconds;
  readonly prefixes: number;
  /** From the server, for conditional requests. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly limits: FeedLimits;
}

/** What a feed was told when it was first read, and is held to from then on. */
export interface FeedLimits {
  /** A shorter list is refused. */
  readonly minLines: number;
  readonly maxSizeBytes: number;
  /** A file of certificates to trust instead of the system's; empty for none. */
  readonly ca: string;
}

/** A feed that lists an address or prefix, and the prefix by which it does. */
export interface FeedMatch {
  readonly feed: string;
  readonly prefix: Prefix;
}

export const DEFAULT_FEED_LIMITS: FeedLimits = { minLines: 1, maxSizeBytes: 2 ** 24, ca: '' };

const COLUMNS = 'name, source, fetched_at, prefixes, etag, last_modified, min_lines, max_bytes, ca';
const PUT = `INSERT OR REPLACE INTO feed (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const ADD = 'INSERT OR IGNORE INTO feed_prefix (family, length, network, feed) VALUES (?, ?, ?, ?)';
const CLEAR = 'DELETE FROM feed_prefix WHERE feed = ?';
const OF_FEED = `
SELECT family, length, hex(network) FROM feed_prefix WHERE feed = ?
ORDER BY family, network, length`;
const WITHIN = `
SELECT feed, family, length, hex(network) FROM feed_prefix
WHERE family = ? AND length > ? AND network BETWEEN ? AND ? ORDER BY length, network, feed`;
const ALL = 'SELECT DISTINCT family, length, hex(network) FROM feed_prefix';

/** The prefixes of a feed are blocked while the feed lists them. They have no entries or history. */
export class Feeds {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** By name. */
  all(): Feed[] {
    return this.#connection.rows(`SELECT ${COLUMNS} FROM feed ORDER BY name`).map(feedOfRow);
  }

  get(name: string): Feed | undefined {
    const row = this.#connection.row(`SELECT ${COLUMNS} FROM feed WHERE name = ?`, name);
    return row && feedOfRow(row);
  }

  /** Whether these prefixes, in the order of comparePrefixes, are those of the feed. */
  lists(name: string, prefixes: PrefixList): boolean {
    const held = this.prefixesOf(name);
    if (held.size !== prefixes.size) return false;
    for (let index = 0; index < held.size; index++) {
      if (comparePrefixes(held.at(index), prefixes.at(index)) !== 0) return false;
    }
    return true;
  }

  /** Replaces the feed and its prefixes. */
  replace(feed: Feed, prefixes: PrefixList): void {
    this.#connection.together(() => {
      this.put(feed);
      this.#connection.run(CLEAR, feed.name);
      for (const prefix of prefixes) this.#connection.run(ADD, ...keyOf(prefix), feed.name);
    });
  }

  /** Records a fetch that found the feed unchanged. */
  put({ name, source, fetchedAt, prefixes, etag, lastModified, limits }: Feed): void {
    const said = [etag ?? null, lastModified ?? null] as const;
    const { minLines, maxSizeBytes, ca } = limits;
    const cells = [name, source, fetchedAt, prefixes, ...said, minLines, maxSizeBytes, ca];
    this.#connection.run(PUT, ...cells);
  }

  /** Returns whether the feed existed. */
  remove(name: string): boolean {
    return this.#connection.together(() => {
      this.#connection.run(CLEAR, name);
      return this.#connection.run('DELETE FROM feed WHERE name = ?', name) > 0;
    });
  }

  /** The prefixes of a feed, in the order of comparePrefixes. */
  prefixesOf(name: string): PrefixList {
    return this.#listOf(this.#connection.rows(OF_FEED, name));
  }

  /** Adds the prefixes of all feeds to the list. */
  pushAll(list: PrefixList): void {
    for (const row of this.#connection.rows(ALL)) push(list, row);
  }

  /** The feeds that list the prefix or one that contains it, the widest first. */
  supernets(prefix: Prefix): FeedMatch[] {
    const supernets = supernetsOf(prefix);
    const keys = supernets.flatMap((around) => [around.length, addressBytes(around)]);
    const rows = this.#connection.rows(coveringSql(supernets.length), ...keys, prefix.family);
    return rows.map(matchOfRow);
  }

  /** The feeds that list what lies within the prefix, but not the prefix itself; the widest first. */
  *within(prefix: Prefix): Generator<FeedMatch> {
    const range = [addressBytes(prefix), addressBytes(lastAddress(prefix))];
    const rows = this.#connection.rows(WITHIN, prefix.family, prefix.length, ...range);
    for (const row of rows) yield matchOfRow(row);
  }

  #listOf(rows: readonly Row[]): PrefixList {
    const list = new PrefixList();
    for (const row of rows) push(list, row);
    return list;
  }
}

function matchOfRow([feed, family, length, hex]: Row): FeedMatch {
  const prefix = prefixOfRow('feed_prefix', family ?? null, length ?? null, hex ?? null);
  return { feed: String(feed), prefix };
}

function push(list: PrefixList, [family, length, hex]: Row): void {
  if ((family !== 4 && family !== 6) || typeof length !== 'number') {
    throw damagedRow('feed_prefix', String(hex), 'bad prefix');
  }
  pushHex(list, family satisfies Family, length, hex ?? null);
}

function coveringSql(lengths: number): string {
  const keys = Array.from({ length: lengths }, () => '(?, ?)').join(', ');
  return `
WITH key(l, n) AS (VALUES ${keys})
SELECT feed, family, length, hex(network) FROM key
CROSS JOIN feed_prefix ON family = ? AND length = l AND network = n ORDER BY length, feed`;
}

function feedOfRow([name, source, fetchedAt, prefixes, etag, lastModified, ...rest]: Row): Feed {
  const [minLines, maxSizeBytes, ca] = rest;
  if (!(isSeconds(fetchedAt) && isWhole(prefixes) && isWhole(minLines) && isWhole(maxSizeBytes))) {
    throw damagedRow('feed', String(name), 'bad number');
  }
  return {
    name: String(name),
    source: String(source),
    fetchedAt,
    prefixes,
    etag: typeof etag === 'string' ? etag : undefined,
    lastModified: typeof lastModified === 'string' ? lastModified : undefined,
    limits: { minLines, maxSizeBytes, ca: String(ca) },
  };
}
