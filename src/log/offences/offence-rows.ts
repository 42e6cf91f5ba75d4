import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import type { UserHash } from '../../blocklist/trust.ts';
import { type Address, addressOf } from '../../net/address.ts';

const WORD = 2 ** 32;
const NOBODY: Address = addressOf(4, 0);
const NOTHING: OffenceKind = { service: '', message: '', log: '', host: '' };

/**
 * The words of a row: time, index of the address in its group, kind, points, count, port + 1, and the
 * lower and the upper word of the user's hash.
 */
const WORDS = 8;

/** Offences in rows of 32 bytes, which are written in any order and read in sequence. */
export class OffenceRows {
  readonly #words: Uint32Array;
  readonly #kindOf: (id: number) => OffenceKind;

  constructor(length: number, kindOf: (id: number) => OffenceKind) {
    this.#words = new Uint32Array(length * WORDS);
    this.#kindOf = kindOf;
  }

  /** `at` is in UTC seconds, of 32 bits; a `port` of -1 is none, and so is a `user` of 0. */
  set(
    row: number,
    at: number,
    member: number,
    kindId: number,
    points: number,
    count: number,
    port: number,
    user: number,
  ): void {
    const words = this.#words;
    const index = row * WORDS;
    words[index] = at;
    words[index + 1] = member;
    words[index + 2] = kindId;
    words[index + 3] = points;
    words[index + 4] = count;
    words[index + 5] = port + 1;
    words[index + 6] = user % WORD;
    words[index + 7] = user / WORD;
  }

  /** The rows of one group, by the index of their address in `addresses`. */
  between(start: number, end: number, addresses: readonly Address[]): Iterable<Offence> {
    return new RowIterator(this.#words, start * WORDS, end * WORDS, addresses, this.#kindOf);
  }
}

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Iterates over rows, reusing one offence and one result: a generator would take as long as all the
 * work on a row.
 */
class RowIterator implements IterableIterator<Offence> {
  readonly #words: Uint32Array;
  #index: number;
  readonly #end: number;
  readonly #addresses: readonly Address[];
  readonly #kindOf: (id: number) => OffenceKind;
  readonly #offence: Changing<Offence> = {
    at: 0,
    address: NOBODY,
    points: 0,
    count: 0,
    port: undefined,
    user: undefined,
    kind: NOTHING,
  };
  readonly #result: { done: boolean; value: Offence } = { done: false, value: this.#offence };

  constructor(
    words: Uint32Array,
    start: number,
    end: number,
    addresses: readonly Address[],
    kindOf: (id: number) => OffenceKind,
  ) {
    this.#words = words;
    this.#index = start;
    this.#end = end;
    this.#addresses = addresses;
    this.#kindOf = kindOf;
  }

  [Symbol.iterator](): IterableIterator<Offence> {
    return this;
  }

  next(): IteratorResult<Offence, undefined> {
    const words = this.#words;
    const index = this.#index;
    if (index === this.#end) return { done: true, value: undefined };
    this.#index = index + WORDS;
    const offence = this.#offence;
    offence.at = words[index] ?? 0;
    offence.address = this.#addresses[words[index + 1] ?? 0] ?? NOBODY;
    offence.kind = this.#kindOf(words[index + 2] ?? 0);
    offence.points = words[index + 3] ?? 0;
    offence.count = words[index + 4] ?? 0;
    offence.port = portOf(words[index + 5] ?? 0);
    offence.user = userOf(words[index + 6] ?? 0, words[index + 7] ?? 0);
    return this.#result as IteratorYieldResult<Offence>;
  }
}

function userOf(low: number, high: number): UserHash {
  return low === 0 && high === 0 ? undefined : high * WORD + low;
}

function portOf(word: number): number | undefined {
  return word === 0 ? undefined : word - 1;
}
