import { type Entry, isActive, type Seconds } from '../blocklist/entry.ts';
import { hitsOf } from '../blocklist/evidence.ts';
import { entryBefore } from '../blocklist/fold.ts';
import { comparePrefixes, containsPrefix, type Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Feed, FeedMatch } from '../store/feeds.ts';
import type { Activation } from '../store/history.ts';
import type { StoreReader } from '../store/reader.ts';

/** Whether this time is in the past for the store: then its history says what was active. */
export function isPast(store: Pick<StoreReader, 'clock'>, at: Seconds): boolean {
  return at < (store.clock.latest() ?? 0);
}

/** Reads the entries with these prefixes, in their order. */
export type ReadEntries = (prefixes: readonly Prefix[]) => readonly Entry[];

/** Reads those of the entries that existed at that time, as they were. */
export function entriesThen(store: StoreReader, at: Seconds): ReadEntries {
  if (!isPast(store, at)) return (prefixes) => store.getAll(prefixes);
  const removed = new Map(removedSince(store, at).map((one) => [formatPrefix(one.prefix), one]));
  return (prefixes) =>
    prefixes.flatMap((prefix) => {
      const entry = removed.get(formatPrefix(prefix)) ?? store.get(prefix);
      return (entry && then(entry, () => store.history(prefix), at)) ?? [];
    });
}

/** The entries at that time that contain the prefix, the widest first. */
export function supernetsAt(store: StoreReader, prefix: Prefix, at: Seconds): readonly Entry[] {
  const entries = store.supernets(prefix);
  if (!isPast(store, at)) return entries;
  const removed = removedSince(store, at).filter((one) => containsPrefix(one.prefix, prefix));
  const names = new Map(
    [...entries, ...removed].map((one) => [formatPrefix(one.prefix), one.prefix]),
  );
  return entriesThen(store, at)([...names.values()].toSorted(comparePrefixes));
}

/** The feeds that were read by then. Earlier lists of a feed are not kept. */
export function feedsAt(store: StoreReader, at: Seconds): readonly Feed[] {
  const all = store.feeds.all();
  return isPast(store, at) ? all.filter(({ fetchedAt }) => fetchedAt <= at) : all;
}

/** Their listings. */
export function feedsThen(
  store: StoreReader,
  matches: readonly FeedMatch[],
  at: Seconds,
): readonly FeedMatch[] {
  if (matches.length === 0 || !isPast(store, at)) return matches;
  const known = feedsAt(store, at);
  return matches.filter(({ feed }) => known.some(({ name }) => name === feed));
}

/** Activations at that time that were withdrawn or forgotten later. */
export function removedSince(store: StoreReader, at: Seconds): Entry[] {
  const withdrawn = store.withdrawals
    .all()
    .filter(({ activation, withdrawnAt }) => activation.at <= at && at < withdrawnAt)
    .map(({ prefix, activation }) => entryOf(prefix, activation));
  const forgotten = store.forgotten
    .all()
    .filter(({ forgottenAt }) => at < forgottenAt)
    .flatMap(({ entry, history }) => then(entry, () => history, at) ?? []);
  return [...withdrawn, ...forgotten].filter((entry) => isActive(entry, at));
}

function then(entry: Entry, history: () => readonly Activation[], at: Seconds): Entry | undefined {
  if (entry.activatedAt === undefined || entry.activatedAt <= at) {
    return notEnded(entry, history, at);
  }
  const before = entryBefore(entry, history(), at + 1);
  if (before.activations === 0 && before.origin !== 'bogon') return undefined;
  return notEnded(before, history, at);
}

/** The entry without an end by hand that came later. */
function notEnded(entry: Entry, history: () => readonly Activation[], at: Seconds): Entry {
  const { activatedAt, endedAt } = entry;
  if (endedAt === undefined || endedAt <= at) return entry;
  const current = history().find((activation) => activation.at === activatedAt);
  return { ...entry, expiresAt: current?.until ?? endedAt, endedAt: undefined };
}

function entryOf(prefix: Prefix, activation: Activation): Entry {
  const { number, at, until, endedAt, origin, note, by, byAdmin, rule, evidence } = activation;
  return {
    prefix,
    origin,
    by,
    byAdmin,
    note,
    activations: number,
    hits: hitsOf(evidence),
    firstSeen: at,
    lastSeen: Math.max(at, ...evidence.map(({ lastSeen }) => lastSeen)),
    activatedAt: at,
    expiresAt: endedAt ?? until,
    endedAt,
    rule,
    hitDays: [],
  };
}
