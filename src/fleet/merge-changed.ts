import type { Changed, FleetAllowed, FleetEntry } from './fleet-store.ts';

/** Merges changes by rising sequence. Each list is sorted and has `limit` items unless it is complete. */
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
