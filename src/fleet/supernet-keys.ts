import { FAMILY_BITS, type Family } from '../net/address.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { FleetEntry } from './fleet-store.ts';

/** The prefix lengths in use, by family. */
export type PrefixLengths = ReadonlyMap<Family, readonly number[]>;

export const ALL_LENGTHS: PrefixLengths = new Map(
  ([4, 6] as const).map((family) => [family, [...Array(FAMILY_BITS[family] + 1).keys()]]),
);

/** The prefixes, each once, under which an entry containing one of these may be stored. */
export function coveringKeys(
  prefixes: readonly Prefix[],
  lengths: PrefixLengths,
): Iterable<Prefix> {
  const keys = new PrefixMap<Prefix>();
  for (const prefix of prefixes) {
    for (const length of lengths.get(prefix.family) ?? []) {
      if (length > prefix.length) continue;
      const key = prefixAround(prefix, length);
      keys.set(key, key);
    }
  }
  return keys.values();
}

/** The lengths of these entries, each once. */
export function lengthsOf(entries: readonly FleetEntry[]): readonly (readonly [Family, number])[] {
  const lengths = new Map<string, readonly [Family, number]>();
  for (const { entry } of entries) {
    const { family, length } = entry.prefix;
    lengths.set(`${family} ${length}`, [family, length]);
  }
  return [...lengths.values()];
}
