import { type Address, type Family } from './address.ts';
import { contains, type Prefix, wordMask } from './prefix.ts';
import { PrefixList } from './prefix-list.ts';

/** A prefix and its value. */
export interface Match<V> {
  readonly prefix: Prefix;
  readonly value: V;
}

type Key = number | string;

/**
 * A map from prefixes to values, other than undefined, with queries for supernets and subnets: a Map
 * per existing length, at most 33 for IPv4 and 129 for IPv6. Costs for n prefixes: get, set and
 * delete O(1); longestMatch and supernets a lookup per length; subnets and walk O(n).
 */
export class PrefixMap<V> {
  /** By length. */
  readonly #tables: Readonly<Record<Family, Map<Key, Match<V>>[]>> = { 4: [], 6: [] };

  get size(): number {
    return [...this.#allTables()].reduce((size, table) => size + table.size, 0);
  }

  get(prefix: Prefix): V | undefined {
    return this.#match(prefix, prefix.length)?.value;
  }

  has(prefix: Prefix): boolean {
    return this.#match(prefix, prefix.length) !== undefined;
  }

  /** Replaces the value of the same prefix. */
  set(prefix: Prefix, value: V): this {
    const tables = this.#tables[prefix.family];
    const table = tables[prefix.length] ?? new Map<Key, Match<V>>();
    tables[prefix.length] = table.set(keyAround(prefix, prefix.length), { prefix, value });
    return this;
  }

  /** Returns whether the prefix was in the map. */
  delete(prefix: Prefix): boolean {
    return (
      this.#tables[prefix.family][prefix.length]?.delete(keyAround(prefix, prefix.length)) ?? false
    );
  }

  /** The longest prefix that contains the address. */
  longestMatch(address: Address): Match<V> | undefined {
    for (let length = this.#tables[address.family].length - 1; length >= 0; length--) {
      const match = this.#match(address, length);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  /** The prefixes that contain this one, including itself, the widest first. */
  supernets(prefix: Prefix): Match<V>[] {
    const found: Match<V>[] = [];
    for (let length = 0; length <= prefix.length; length++) {
      const match = this.#match(prefix, length);
      if (match !== undefined) found.push(match);
    }
    return found;
  }

  /** The prefixes that this one contains, including itself, in order. */
  subnets(outer: Prefix): Match<V>[] {
    const tables = this.#tables[outer.family].slice(outer.length);
    const found = new PrefixList();
    for (const table of tables) {
      if (table === undefined) continue;
      for (const { prefix } of table.values()) if (contains(outer, prefix)) found.push(prefix);
    }
    return [...this.#inOrder(found)];
  }

  /** All prefixes, in order; those set or deleted meanwhile may be included or not. */
  walk(): Generator<Match<V>, void> {
    const all = new PrefixList();
    for (const table of this.#allTables())
      for (const { prefix } of table.values()) all.push(prefix);
    return this.#inOrder(all);
  }

  /** In no order. */
  *values(): Generator<V, void> {
    for (const table of this.#allTables()) for (const { value } of table.values()) yield value;
  }

  *#allTables(): Generator<Map<Key, Match<V>>, void> {
    for (const tables of [this.#tables[4], this.#tables[6]]) {
      for (const table of tables) if (table !== undefined) yield table;
    }
  }

  #match(address: Address, length: number): Match<V> | undefined {
    const table = this.#tables[address.family][length];
    if (table === undefined || table.size === 0) return undefined;
    return table.get(keyAround(address, length));
  }

  *#inOrder(prefixes: PrefixList): Generator<Match<V>, void> {
    prefixes.sort();
    for (const prefix of prefixes) {
      const match = this.#match(prefix, prefix.length);
      if (match !== undefined) yield match;
    }
  }
}

/** Random for each process, so that nobody can choose networks with the same hash. */
const SEED = Math.trunc(Math.random() * 2 ** 32);

function keyAround({ family, a, b, c, d }: Address, length: number): Key {
  const first = a & wordMask(length, 0);
  if (family === 4) return first ^ SEED;
  return `${first} ${b & wordMask(length, 1)} ${c & wordMask(length, 2)} ${d & wordMask(length, 3)}`;
}
