import type { Changed, FleetAllowed, FleetEntry } from './fleet-store.ts';

/** Both in one, by rising sequence; each came in that order, and with at least `limit` if it has more. */
export function mergeChanged(
  entries: readonly FleetEntry[],
  allowed: readonly FleetAllowed[],
  limit: number,
): readonly Changed[] {
  const all: Changed[] = [
    ...entries.map((value): Changed => ({ kind: 'entry', value })),
    ...allowed.map((value): Changed => ({ kind: 'allowed', value })),
  ];
  return all.toSorted((p, q) => p.value.sequence - q.value.sequence).slice(0, limit);
}
