import type { Family } from '../net/address.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';

type Key = number | string;

/**
 * A map from prefixes to values with lookup of supernets, for the few thousand entries of one
 * transaction. Unlike a PrefixMap it costs next to nothing to make.
 */
export class SupernetMap<V> {
  /** By family and length. */
  readonly #tables: Readonly<Record<Family, Map<number, Map<Key, V>>>> = {
    4: new Map(),
    6: new Map(),
  };

  get(prefix: Prefix): V | undefined {
    return this.#tables[prefix.family].get(prefix.length)?.get(keyOf(prefix));
  }

  set(prefix: Prefix, value: V): void {
    const tables = this.#tables[prefix.family];
    let table = tables.get(prefix.length);
    if (table === undefined) {
      table = new Map();
      tables.set(prefix.length, table);
    }
    table.set(keyOf(prefix), value);
  }

  /** The values of all prefixes that contain this one, its own included, in any order. */
  supernets(prefix: Prefix): V[] {
    const found: V[] = [];
    for (const [length, table] of this.#tables[prefix.family]) {
      if (length > prefix.length) continue;
      const value = table.get(keyOf(prefixAround(prefix, length)));
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  /** In any order. */
  *values(): Generator<V, void> {
    for (const family of [4, 6] as const) {
      for (const table of this.#tables[family].values()) yield* table.values();
    }
  }
}

function keyOf({ family, a, b, c, d }: Prefix): Key {
  return family === 4 ? a : `${a} ${b} ${c} ${d}`;
}
