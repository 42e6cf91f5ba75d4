import type { Entry, Expiry, Origin, Seconds } from './entry.ts';

/** An activation of an entry as it is recorded. */
export interface PastActivation {
  /** The first is 1. */
  readonly number: number;
  readonly at: Seconds;
  readonly until: Expiry;
  /** When it was expired by hand. */
  readonly endedAt: Seconds | undefined;
  readonly origin: Origin;
  /** The rules of the policy that decided it; undefined if none did. */
  readonly rule?: string | undefined;
}

/**
 * The entry as it was before its activations at or after `since`. Its hits stay.
 * @param history its activations, oldest first; the oldest ones may be missing
 */
export function entryBefore(
  entry: Entry,
  history: readonly PastActivation[],
  since: Seconds,
): Entry {
  const first = history.find(({ at }) => at >= since);
  if (first === undefined) return entry;
  const past = { ...entry, endedAt: undefined, rule: undefined, hitDays: [] };
  const last = history.findLast(({ at }) => at < since);
  if (last !== undefined) {
    const { number: activations, at: activatedAt, until, endedAt, rule } = last;
    return { ...past, activations, activatedAt, expiresAt: endedAt ?? until, endedAt, rule };
  }
  if (first.number === 1) return { ...past, activations: 0, activatedAt: undefined, expiresAt: 0 };
  // The activation before it is not recorded; all that is known is that it is over.
  const over = Math.max(0, since - 1);
  return { ...past, activations: first.number - 1, activatedAt: over, expiresAt: over };
}

/** Whether a log made all activations at or after `since`, at least one, and none after `until`. */
export function isByLog(
  history: readonly PastActivation[],
  since: Seconds,
  until: Seconds,
): boolean {
  const made = history.filter(({ at }) => at >= since);
  return made.length > 0 && made.every(({ origin, at }) => origin === 'grok' && at <= until);
}
