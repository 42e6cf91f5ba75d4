import type { Offence } from '../../blocklist/offence.ts';

/** The latest offences, at most so many. */
export function latestOf(offences: readonly Offence[], most: number): readonly Offence[] {
  if (offences.length <= most) return offences;
  // Sorting numbers is several times faster.
  const times = Float64Array.from(offences, ({ at }) => at).toSorted();
  const since = times[times.length - most] ?? 0;
  const later = offences.filter(({ at }) => at > since);
  const equal = offences.filter(({ at }) => at === since);
  return [...later, ...equal.slice(0, most - later.length)];
}
