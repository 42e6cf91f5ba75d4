import { type Entry, type Expiry, laterExpiry, type Seconds } from './entry.ts';
import { currentPenalty, penaltySeconds } from './penalty.ts';
import { DAY_SECONDS, type Policy } from './policy.ts';

/**
 * Offences against an active entry, all on the UTC day of `at`, the last of them at `at`. With hits
 * on the policy's persistent days, the expiry moves to at least a whole penalty from `at`.
 */
export function hitEntry(entry: Entry, hits: number, at: Seconds, policy: Policy): Entry {
  const { prefix, origin, by, byAdmin, note, activations, firstSeen, activatedAt, endedAt } = entry;
  const { rule } = entry;
  // No spread: this runs for every day of every entry.
  return {
    prefix,
    origin,
    by,
    byAdmin,
    note,
    activations,
    hits: entry.hits + hits,
    firstSeen,
    lastSeen: latest(entry.lastSeen, at),
    activatedAt,
    endedAt,
    rule,
    hitDays: withDay(entry.hitDays, at, policy.persistent.days),
    expiresAt: isPersistent(entry, at, policy)
      ? laterExpiry(entry.expiresAt, at + currentPenalty(entry, policy))
      : entry.expiresAt,
  };
}

/**
 * Whether hits, including one at `at`, came on enough days to prolong the entry. What was expired by
 * hand stays so.
 */
export function isPersistent({ hitDays, endedAt }: Entry, at: Seconds, policy: Policy): boolean {
  if (endedAt !== undefined) return false;
  const days = hitDays.includes(dayOf(at)) ? hitDays.length : hitDays.length + 1;
  return days >= policy.persistent.days;
}

/** Offences before the latest activation only count as hits. */
export function recallEntry(entry: Entry, hits: number, at: Seconds): Entry {
  return { ...entry, hits: entry.hits + hits, firstSeen: earliest(entry.firstSeen, at) };
}

/**
 * Activates the entry; with `until` undefined the penalty decides how long.
 * @param rule the rules that decided it
 */
export function activateEntry(
  entry: Entry,
  hits: number,
  at: Seconds,
  until: Expiry | undefined,
  policy: Policy,
  rule?: string,
): Entry {
  const { prefix, origin, by, byAdmin, note } = entry;
  const activations = entry.activations + 1;
  // No spread: this runs for every prefix of a list.
  return {
    prefix,
    origin,
    by,
    byAdmin,
    note,
    activations,
    hits: entry.hits + hits,
    firstSeen: earliest(entry.firstSeen, at),
    lastSeen: latest(entry.lastSeen, at),
    activatedAt: at,
    expiresAt: until ?? at + penaltySeconds(activations, policy),
    endedAt: undefined,
    rule,
    hitDays: [],
  };
}

/** A request by hand for an active entry: the later expiry wins. It is not a hit. */
export function prolongEntry(entry: Entry, at: Seconds, wanted: Expiry): Entry {
  return {
    ...entry,
    lastSeen: latest(entry.lastSeen, at),
    expiresAt: laterExpiry(entry.expiresAt, wanted),
    endedAt: undefined,
  };
}

/** Whole UTC days since 1970. */
export function dayOf(at: Seconds): number {
  return Math.floor(at / DAY_SECONDS);
}

/** Adds the day and keeps only the latest days. */
function withDay(days: readonly number[], at: Seconds, kept: number): readonly number[] {
  const day = dayOf(at);
  if (days.includes(day)) return days;
  const all = [...days, day];
  // The day is nearly always the latest.
  if (day < (days.at(-1) ?? day)) all.sort((p, q) => p - q);
  return all.length > kept ? all.slice(all.length - kept) : all;
}

function earliest(seen: Seconds | undefined, at: Seconds): Seconds {
  return seen === undefined ? at : Math.min(seen, at);
}

function latest(seen: Seconds | undefined, at: Seconds): Seconds {
  return seen === undefined ? at : Math.max(seen, at);
}
