import type { Family } from '../net/address.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import { SupernetMap } from './supernet-map.ts';

/** Which lengths the entries of each family have. */
export type Lengths = ReadonlyMap<Family, readonly number[]>;

/** Every prefix of one of the lengths that contains one of these, each once: where to look. */
export function coveringKeys(prefixes: readonly Prefix[], lengths: Lengths): Iterable<Prefix> {
  const keys = new SupernetMap<Prefix>();
  for (const prefix of prefixes) {
    for (const length of lengths.get(prefix.family) ?? []) {
      if (length > prefix.length) continue;
      const key = prefixAround(prefix, length);
      keys.set(key, key);
    }
  }
  return keys.values();
}
