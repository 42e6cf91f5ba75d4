import type { Family } from './address.ts';
import type { Prefix } from './prefix.ts';
import type { PrefixList } from './prefix-list.ts';

/** Anything but undefined and null: undefined means no value. */
export type Value = object | string | number | boolean;

const FIRST_CAPACITY = 8;

/**
 * Values by network, for one family and length: a hash table with open addressing. The networks are
 * in one typed array, one word for IPv4 and four for IPv6, so that a miss touches little memory. A
 * slot whose words are all zero is free; the value of network zero follows those of the slots.
 * Invariants: at least a quarter of the slots are free; between the slot that a network hashes to and
 * its own slot none is free.
 */
export class NetworkTable<V extends Value> {
  size = 0;
  readonly #length: number;
  readonly #stride: 1 | 4;
  #capacity = FIRST_CAPACITY;
  #networks: Int32Array;
  #values: (V | undefined)[];

  constructor(family: Family, length: number) {
    this.#length = length;
    this.#stride = family === 4 ? 1 : 4;
    this.#networks = new Int32Array(FIRST_CAPACITY * this.#stride);
    this.#values = noValues(FIRST_CAPACITY);
  }

  /** The value of an IPv4 network, given as a signed or unsigned word. */
  get4(network: number): V | undefined {
    return this.#values[this.#slot4(network | 0)];
  }

  /** The value of an IPv6 network, given as signed or unsigned words. */
  get6(a: number, b: number, c: number, d: number): V | undefined {
    return this.#values[this.#slot6(a | 0, b | 0, c | 0, d | 0)];
  }

  get(prefix: Prefix): V | undefined {
    return this.#values[this.#slotOf(prefix)];
  }

  /** Returns whether the network is new. */
  set(prefix: Prefix, value: V): boolean {
    let slot = this.#slotOf(prefix);
    const isNew = this.#values[slot] === undefined;
    if (isNew) {
      if ((this.size + 1) * 4 > this.#capacity * 3) {
        this.#grow();
        slot = this.#slotOf(prefix);
      }
      this.#write(slot, prefix.a, prefix.b, prefix.c, prefix.d);
      this.size++;
    }
    this.#values[slot] = value;
    return isNew;
  }

  /** Returns whether the network was in the table. */
  delete(prefix: Prefix): boolean {
    let hole = this.#slotOf(prefix);
    if (this.#values[hole] === undefined) return false;
    this.size--;
    this.#values[hole] = undefined;
    if (hole === this.#capacity) return true;
    // Move up those behind it, so that no search ends at the hole.
    const last = this.#capacity - 1;
    for (let slot = (hole + 1) & last; this.#values[slot] !== undefined; slot = (slot + 1) & last) {
      if (((slot - this.#homeOf(slot)) & last) < ((slot - hole) & last)) continue;
      this.#networks.copyWithin(
        hole * this.#stride,
        slot * this.#stride,
        (slot + 1) * this.#stride,
      );
      this.#values[hole] = this.#values[slot];
      this.#values[slot] = undefined;
      hole = slot;
    }
    this.#write(hole, 0, 0, 0, 0);
    return true;
  }

  /** Adds all prefixes to the list, unsorted. */
  copyTo(list: PrefixList): void {
    const networks = this.#networks;
    for (let slot = 0; slot <= this.#capacity; slot++) {
      if (this.#values[slot] === undefined) continue;
      const at = slot * this.#stride;
      // Network zero has no words; its value follows the slots.
      const a = networks[at] ?? 0;
      if (this.#stride === 1) list.push4(a, this.#length);
      else {
        const [b = 0, c = 0, d = 0] = networks.subarray(at + 1, at + 4);
        list.push6(a, b, c, d, this.#length);
      }
    }
  }

  /** The slot of the network, or the free slot where it would be. */
  #slotOf({ a, b, c, d }: Prefix): number {
    return this.#stride === 1 ? this.#slot4(a | 0) : this.#slot6(a | 0, b | 0, c | 0, d | 0);
  }

  #slot4(network: number): number {
    if (network === 0) return this.#capacity;
    const networks = this.#networks;
    const last = this.#capacity - 1;
    for (let slot = hash4(network) & last; ; slot = (slot + 1) & last) {
      const there = networks[slot] ?? 0;
      if (there === network || there === 0) return slot;
    }
  }

  #slot6(a: number, b: number, c: number, d: number): number {
    if ((a | b | c | d) === 0) return this.#capacity;
    const networks = this.#networks;
    const last = this.#capacity - 1;
    for (let slot = hash6(a, b, c, d) & last; ; slot = (slot + 1) & last) {
      const at = slot * 4;
      const thereA = networks[at] ?? 0;
      const thereB = networks[at + 1] ?? 0;
      const thereC = networks[at + 2] ?? 0;
      const thereD = networks[at + 3] ?? 0;
      if (thereA === a && thereB === b && thereC === c && thereD === d) return slot;
      if ((thereA | thereB | thereC | thereD) === 0) return slot;
    }
  }

  /** The slot that the network in this slot hashes to. */
  #homeOf(slot: number): number {
    const at = slot * this.#stride;
    const [a = 0, b = 0, c = 0, d = 0] = this.#networks.subarray(at, at + this.#stride);
    return (this.#stride === 1 ? hash4(a) : hash6(a, b, c, d)) & (this.#capacity - 1);
  }

  #write(slot: number, a: number, b: number, c: number, d: number): void {
    if (slot === this.#capacity) return;
    const at = slot * this.#stride;
    this.#networks[at] = a;
    if (this.#stride === 1) return;
    this.#networks[at + 1] = b;
    this.#networks[at + 2] = c;
    this.#networks[at + 3] = d;
  }

  #grow(): void {
    const networks = this.#networks;
    const values = this.#values;
    const capacity = this.#capacity;
    this.#capacity *= 2;
    this.#networks = new Int32Array(this.#capacity * this.#stride);
    this.#values = noValues(this.#capacity);
    this.#values[this.#capacity] = values[capacity];
    for (let slot = 0; slot < capacity; slot++) {
      const value = values[slot];
      if (value === undefined) continue;
      const at = slot * this.#stride;
      const a = networks[at] ?? 0;
      if (this.#stride === 1) {
        const free = this.#slot4(a);
        this.#networks[free] = a;
        this.#values[free] = value;
      } else {
        const b = networks[at + 1] ?? 0;
        const c = networks[at + 2] ?? 0;
        const d = networks[at + 3] ?? 0;
        const free = this.#slot6(a, b, c, d);
        this.#write(free, a, b, c, d);
        this.#values[free] = value;
      }
    }
  }
}

function noValues<V>(capacity: number): (V | undefined)[] {
  return Array.from<V | undefined>({ length: capacity + 1 });
}

/** Random per process, so that nobody can choose networks that collide. */
const SEED = Math.trunc(Math.random() * 0x100000000) | 0;

/** The low bits of a network are mostly zero, so the slot depends on all bits. */
function hash4(network: number): number {
  return finish(Math.imul(network ^ SEED, 0x9e3779b1));
}

function hash6(a: number, b: number, c: number, d: number): number {
  let hash = mix(SEED ^ a);
  hash = mix(hash ^ b);
  hash = mix(hash ^ c);
  return finish(Math.imul(hash ^ d, 0x9e3779b1));
}

function mix(word: number): number {
  const product = Math.imul(word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function finish(product: number): number {
  const mixed = Math.imul(product ^ (product >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 16);
}
