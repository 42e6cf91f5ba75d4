import { hasEmbeddedHole } from '../blocklist/embedded-holes.ts';
import { type Entry, type Expiry, isActive, type Seconds } from '../blocklist/entry.ts';
import { proxyOf } from '../blocklist/evidence.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { isAlwaysHole } from '../blocklist/rules.ts';
import type { Login } from '../blocklist/trust.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import type { FeedMatch } from '../store/feeds.ts';
import type { StoreReader } from '../store/reader.ts';
import { holesAt } from './holes.ts';
import { feedsThen, supernetsAt } from './past.ts';
import type { Policies } from './policies.ts';

/** Whether and why the rules block an address. */
export interface Blocking {
  /** The active entry that blocks it longest. */
  readonly entry: Entry | undefined;
  /** The feeds that block it. */
  readonly feeds: readonly FeedMatch[];
  /** The hole in the rules that it is in; never defined if something blocks it. */
  readonly hole: Protection | undefined;
}

/** What blocks an address: an entry or a feed. */
export interface Block {
  readonly prefix: Prefix;
  /** Undefined for a feed. */
  readonly expiresAt: Expiry | undefined;
  readonly feed: string | undefined;
  /** See {@link proxyOfEntry}; empty for a feed. */
  readonly proxy: string;
}

/** What blocks an address: the entry that blocks it longest, else a feed. */
export function blockOf(
  store: StoreReader,
  host: Prefix,
  policy: Pick<Policy, 'trust' | 'auto'>,
  now: Seconds,
): Block | undefined {
  const listed = listedAt(store, host, now);
  // Most addresses are not on the list, and the holes take longer to read.
  if (listed.entries.length === 0 && listed.feeds.length === 0) return undefined;
  const { entry, feeds } = blockingOf(store, host, policy, now, listed);
  if (entry !== undefined) return { ...entry, feed: undefined, proxy: proxyOfEntry(store, entry) };
  const [match] = feeds;
  return match && { prefix: match.prefix, expiresAt: undefined, feed: match.feed, proxy: '' };
}

/** Whether one of the logins came from an address that is blocked now: it makes a hole in the rules. */
export function isAnyBlocked(
  store: StoreReader,
  logins: readonly Pick<Login, 'address'>[],
  { policyFor }: Pick<Policies, 'policyFor'>,
  now: Seconds,
): boolean {
  return logins.some(
    ({ address }) => blockOf(store, hostPrefix(address), policyFor(address), now) !== undefined,
  );
}

/** The part of the rules that concerns one address; the same as in rulesAt. */
export function blockingOf(
  store: StoreReader,
  host: Prefix,
  policy: Pick<Policy, 'trust' | 'auto'>,
  now: Seconds,
  listed = listedAt(store, host, now),
): Blocking {
  const { nat64 } = policy.auto;
  const hole = new ProtectedSpace(holesAt(store, policy, now, [host]), nat64).containing(host);
  const isIn = ({ prefix }: { readonly prefix: Prefix }): boolean =>
    hole !== undefined &&
    (hole.prefix.family === host.family || hasEmbeddedHole(prefix, host, nat64));
  const always = hole !== undefined && isAlwaysHole(hole);
  const [entry] = listed.entries
    .filter((one) => !isIn(one) || (!always && isByHand(store, one)))
    .toSorted((p, q) => order(q) - order(p));
  const feeds = listed.feeds.filter((feed) => !isIn(feed));
  return { entry, feeds, hole: entry === undefined && feeds.length === 0 ? hole : undefined };
}

/** What would block an address if there were no holes. */
interface Listed {
  readonly entries: readonly Entry[];
  readonly feeds: readonly FeedMatch[];
}

function listedAt(store: StoreReader, host: Prefix, now: Seconds): Listed {
  const entries = supernetsAt(store, host, now).filter((entry) => isActive(entry, now));
  return { entries, feeds: feedsThen(store, store.feeds.supernets(host), now) };
}

/**
 * The proxy through which all came whose offences made and hit the current activation, or the first of
 * several; empty if somebody came directly, or where nothing of it was seen here.
 */
export function proxyOfEntry(
  store: Pick<StoreReader, 'history'>,
  { prefix, activatedAt }: Pick<Entry, 'prefix' | 'activatedAt'>,
): string {
  const current = store.history(prefix).findLast(({ at }) => at === activatedAt);
  return current?.origin === 'grok' ? proxyOf(current.evidence) : '';
}

/** Whether the current activation was made by hand. */
export function isByHand(store: StoreReader, { prefix, activatedAt }: Entry): boolean {
  return store.history(prefix).findLast(({ at }) => at === activatedAt)?.origin === 'manual';
}

function order({ expiresAt }: Entry): number {
  return expiresAt === 'forever' ? Number.MAX_SAFE_INTEGER : expiresAt;
}
