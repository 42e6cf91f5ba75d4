import { type Address, FAMILY_BITS, type Family } from './address.ts';
import { LengthHints4, LengthHints6 } from './length-hints.ts';
import { NetworkOrder } from './network-order.ts';
import { NetworkTable, type Value } from './network-table.ts';
import { comparePrefixes, type Prefix, prefixAround, wordMask } from './prefix.ts';
import { PrefixList } from './prefix-list.ts';

/** A prefix and its value. */
export interface Match<V> {
  readonly prefix: Prefix;
  readonly value: V;
}

type Tables<V extends Value> = (NetworkTable<V> | undefined)[];

/**
 * A map from prefixes to values with queries for supernets and subnets. It has a table per existing
 * length, at most 33 for IPv4 and 129 for IPv6. Costs for n prefixes: get, set and delete O(1), and up
 * to 65,536 short steps to set an IPv4 prefix wider than /16; longestMatch and supernets a few
 * lookups, for IPv6 supernets one per length; subnets as in NetworkOrder; a walk O(n).
 */
export class PrefixMap<V extends Value> {
  #size4 = 0;
  #size6 = 0;
  readonly #tables4: Tables<V> = Array.from({ length: FAMILY_BITS[4] + 1 });
  readonly #tables6: Tables<V> = Array.from({ length: FAMILY_BITS[6] + 1 });
  /** Only of the lengths for which subnets were queried. */
  readonly #orders4: (NetworkOrder | undefined)[] = [];
  readonly #orders6: (NetworkOrder | undefined)[] = [];
  #hints4 = new LengthHints4();
  #hints6 = new LengthHints6();
  /** The number of deleted prefixes that may still be in the hints. */
  #stale4 = 0;
  #stale6 = 0;

  get size(): number {
    return this.#size4 + this.#size6;
  }

  get(prefix: Prefix): V | undefined {
    return this.#table(prefix)?.get(prefix);
  }

  has(prefix: Prefix): boolean {
    return this.#table(prefix)?.get(prefix) !== undefined;
  }

  /** Replaces the value of the same prefix. */
  set(prefix: Prefix, value: V): this {
    const tables = this.#tables(prefix.family);
    let table = tables[prefix.length];
    if (table === undefined) {
      table = new NetworkTable(prefix.family, prefix.length);
      tables[prefix.length] = table;
    }
    if (!table.set(prefix, value)) return this;
    this.#orders(prefix.family)[prefix.length]?.added(prefix);
    if (prefix.family === 4) {
      this.#size4++;
      this.#hints4.add(prefix);
    } else {
      this.#size6++;
      if (!this.#hints6.add(prefix)) this.#renewHints6();
    }
    return this;
  }

  /** Returns whether the prefix was in the map. */
  delete(prefix: Prefix): boolean {
    const table = this.#table(prefix);
    if (table === undefined || !table.delete(prefix)) return false;
    this.#orders(prefix.family)[prefix.length]?.deleted();
    if (prefix.family === 4) {
      this.#size4--;
      if (++this.#stale4 > STALE_LIMIT + this.#size4) this.#renewHints4();
    } else {
      this.#size6--;
      if (++this.#stale6 > STALE_LIMIT + this.#size6) this.#renewHints6();
    }
    return true;
  }

  /** The longest prefix that contains the address. */
  longestMatch(address: Address): Match<V> | undefined {
    return address.family === 4 ? this.#longestMatch4(address.a) : this.#longestMatch6(address);
  }

  /** The prefixes that contain this one, including itself, the widest first. */
  supernets(prefix: Prefix): Match<V>[] {
    return prefix.family === 4 ? this.#supernets4(prefix) : this.#supernets6(prefix);
  }

  /** The prefixes that this one contains, including itself, in order. */
  subnets(prefix: Prefix): Match<V>[] {
    const tables = this.#tables(prefix.family);
    const found = new PrefixList();
    if (this.has(prefix)) found.push(prefix);
    for (let length = prefix.length + 1; length < tables.length; length++) {
      const table = tables[length];
      if (table !== undefined && table.size > 0)
        this.#orderOf(prefix.family, length, table).collect(prefix, found);
    }
    return [...this.#matchesOf(found)];
  }

  /** All prefixes, in order; those set or deleted meanwhile may be included or not. */
  walk(): Generator<Match<V>, void> {
    const all = new PrefixList();
    for (const table of this.#tables4) table?.copyTo(all);
    for (const table of this.#tables6) table?.copyTo(all);
    return this.#matchesOf(all);
  }

  /** All prefixes of one length, in order; see walk. */
  walkLength(family: Family, length: number): Generator<Match<V>, void> {
    const all = new PrefixList();
    this.#tables(family)[length]?.copyTo(all);
    return this.#matchesOf(all);
  }

  /** The existing lengths, the widest first. */
  lengths(family: Family): number[] {
    return this.#tables(family).flatMap((table, length) => (table?.size ? [length] : []));
  }

  #tables(family: Family): Tables<V> {
    return family === 4 ? this.#tables4 : this.#tables6;
  }

  #table(prefix: Prefix): NetworkTable<V> | undefined {
    return this.#tables(prefix.family)[prefix.length];
  }

  #supernets4(prefix: Prefix): Match<V>[] {
    const { a, length } = prefix;
    const found: Match<V>[] = [];
    const whole = matchOf(WHOLE4, this.#tables4[0]?.get4(0));
    if (whole !== undefined) found.push(whole);
    let lengths = (this.#hints4.words[a >>> 16] ?? 0) & wordMask(length, 0);
    while (lengths !== 0) {
      const widest = Math.clz32(lengths) + 1;
      lengths ^= 1 << (32 - widest);
      const value = this.#tables4[widest]?.get4(a & wordMask(widest, 0));
      if (value !== undefined) found.push({ prefix: prefixAround(prefix, widest), value });
    }
    return found;
  }

  #supernets6(prefix: Prefix): Match<V>[] {
    const found: Match<V>[] = [];
    for (let length = 0; length <= prefix.length; length++) {
      const table = this.#tables6[length];
      if (table === undefined) continue;
      const outer = prefixAround(prefix, length);
      const value = table.get(outer);
      if (value !== undefined) found.push({ prefix: outer, value });
    }
    return found;
  }

  #longestMatch4(address: number): Match<V> | undefined {
    let lengths = this.#hints4.words[address >>> 16] ?? 0;
    for (; lengths !== 0; lengths &= lengths - 1) {
      const length = lowestLength(lengths);
      const a = address & (-1 << (32 - length));
      const value = this.#tables4[length]?.get4(a);
      if (value !== undefined) {
        return { prefix: { family: 4, a: a >>> 0, b: 0, c: 0, d: 0, length }, value };
      }
    }
    return matchOf(WHOLE4, this.#tables4[0]?.get4(0));
  }

  #longestMatch6(address: Address): Match<V> | undefined {
    const { a, b, c, d } = address;
    const { words, short } = this.#hints6;
    const slot = this.#hints6.slotOf(a);
    for (let word = 3; word >= 0; word--) {
      let lengths = word === 0 ? short : (words[slot + word] ?? 0);
      for (; lengths !== 0; lengths &= lengths - 1) {
        const length = word * 32 + lowestLength(lengths);
        const value = this.#tables6[length]?.get6(
          a & wordMask(length, 0),
          b & wordMask(length, 1),
          c & wordMask(length, 2),
          d & wordMask(length, 3),
        );
        if (value !== undefined) return { prefix: prefixAround(address, length), value };
      }
    }
    return matchOf(WHOLE6, this.#tables6[0]?.get6(0, 0, 0, 0));
  }

  #orders(family: Family): (NetworkOrder | undefined)[] {
    return family === 4 ? this.#orders4 : this.#orders6;
  }

  #orderOf(family: Family, length: number, table: NetworkTable<V>): NetworkOrder {
    const orders = this.#orders(family);
    const order = orders[length] ?? new NetworkOrder(table);
    orders[length] = order;
    return order;
  }

  /** The matches of these prefixes, in order and once each. */
  *#matchesOf(prefixes: PrefixList): Generator<Match<V>, void> {
    prefixes.sort();
    let last: Prefix | undefined;
    for (const prefix of prefixes) {
      if (last !== undefined && comparePrefixes(last, prefix) === 0) continue;
      last = prefix;
      const match = matchOf(prefix, this.get(prefix));
      if (match !== undefined) yield match;
    }
  }

  #renewHints4(): void {
    this.#stale4 = 0;
    this.#hints4 = new LengthHints4();
    const all = new PrefixList();
    for (const table of this.#tables4) table?.copyTo(all);
    for (const prefix of all) this.#hints4.add(prefix);
  }

  #renewHints6(): void {
    this.#stale6 = 0;
    this.#hints6 = new LengthHints6(this.#size6);
    const all = new PrefixList();
    for (const table of this.#tables6) table?.copyTo(all);
    for (const prefix of all) this.#hints6.add(prefix);
  }
}

const WHOLE4: Prefix = { family: 4, a: 0, b: 0, c: 0, d: 0, length: 0 };
const WHOLE6: Prefix = { family: 6, a: 0, b: 0, c: 0, d: 0, length: 0 };

function matchOf<V>(prefix: Prefix, value: V | undefined): Match<V> | undefined {
  return value === undefined ? undefined : { prefix, value };
}

/** Fewer deletions than this are not worth new hints. */
const STALE_LIMIT = 1000;

/** The longest length in a word of hints, 1 to 32. */
function lowestLength(lengths: number): number {
  return Math.clz32(lengths & -lengths) + 1;
}
