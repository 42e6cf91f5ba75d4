import { type Address, addressOf } from '../../net/address.ts';
import { randomWord } from './random-word.ts';

const START_CAPACITY = 1024;

/** The words of an address, as in a Reading. */
export interface AddressWords {
  readonly family: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Assigns each address a small id, in order of appearance. Open addressing with linear probing. */
export class AddressTable {
  /** Five for each address: its family and its four words. */
  #words = new Uint32Array(START_CAPACITY * 5);
  /** The id + 1; 0 is free. At most half are taken. */
  #slots = new Int32Array(START_CAPACITY * 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The id of an address, which is added if it is unknown. */
  id(address: AddressWords): number {
    const slot = this.#slotOf(address);
    const taken = this.#slots[slot] ?? 0;
    return taken === 0 ? this.#add(address, slot) : taken - 1;
  }

  /** The id of an address; -1 if it is unknown. */
  find(address: AddressWords): number {
    return (this.#slots[this.#slotOf(address)] ?? 0) - 1;
  }

  /** The slot of the address, or the free one that it would take. */
  #slotOf(address: AddressWords): number {
    const { family, a, b, c, d } = address;
    const words = this.#words;
    const mask = this.#slots.length - 1;
    let slot = hashOf(family, a, b, c, d) & mask;
    for (let taken = this.#slots[slot] ?? 0; taken !== 0; taken = this.#slots[slot] ?? 0) {
      const at = (taken - 1) * 5;
      if (
        words[at + 1] === a &&
        words[at + 4] === d &&
        words[at + 2] === b &&
        words[at + 3] === c &&
        words[at] === family
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  address(id: number): Address {
    const words = this.#words;
    const at = id * 5;
    const [a, b] = [words[at + 1] ?? 0, words[at + 2] ?? 0];
    return addressOf(words[at] === 4 ? 4 : 6, a, b, words[at + 3] ?? 0, words[at + 4] ?? 0);
  }

  /** All ids, those of IPv4 first, then by address. */
  sorted(): Uint32Array {
    const words = this.#words;
    const four = new Uint32Array(this.#size);
    const six: number[] = [];
    let count = 0;
    for (let id = 0; id < this.#size; id++) {
      if (words[id * 5] === 4) four[count++] = words[id * 5 + 1] ?? 0;
      else six.push(id);
    }
    // Sorting numbers and looking each up again is several times faster than comparing.
    const ids = four.subarray(0, count);
    ids.sort();
    for (let i = 0; i < count; i++) {
      ids[i] = this.id({ family: 4, a: ids[i] ?? 0, b: 0, c: 0, d: 0 });
    }
    four.set(
      six.toSorted((p, q) => this.#compare(p, q)),
      count,
    );
    return four;
  }

  #compare(p: number, q: number): number {
    const words = this.#words;
    for (let word = 1; word < 5; word++) {
      const difference = (words[p * 5 + word] ?? 0) - (words[q * 5 + word] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #add({ family, a, b, c, d }: AddressWords, slot: number): number {
    const id = this.#size++;
    if ((id + 1) * 5 > this.#words.length) {
      const words = new Uint32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    const at = id * 5;
    this.#words[at] = family;
    this.#words[at + 1] = a;
    this.#words[at + 2] = b;
    this.#words[at + 3] = c;
    this.#words[at + 4] = d;
    this.#slots[slot] = id + 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const words = this.#words;
    for (let id = 0; id < this.#size; id++) {
      const at = id * 5;
      let slot =
        hashOf(
          words[at] ?? 0,
          words[at + 1] ?? 0,
          words[at + 2] ?? 0,
          words[at + 3] ?? 0,
          words[at + 4] ?? 0,
        ) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** Without a secret key, somebody could choose addresses that share a slot. */
const KEY = randomWord();

/** Includes every word, as IPv6 networks differ in the upper words only. */
function hashOf(family: number, a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ family, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 16) ^ d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15) ^ KEY, 0x9e3779b1);
  return hash ^ (hash >>> 16);
}
