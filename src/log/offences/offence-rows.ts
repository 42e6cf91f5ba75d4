import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, addressOf } from '../../net/address.ts';

const NOBODY: Address = addressOf(4, 0);
const NOTHING: OffenceKind = { service: '', message: '', log: '', host: '' };

/** The words of a row: time, number of the address in its group, kind, points, count. */
const WORDS = 5;

/**
 * Offences in rows, to be written in any order and read one after the other: each row lies in one
 * place, 20 bytes of it.
 */
export class OffenceRows {
  readonly #words: Uint32Array;
  readonly #kindOf: (id: number) => OffenceKind;

  constructor(length: number, kindOf: (id: number) => OffenceKind) {
    this.#words = new Uint32Array(length * WORDS);
    this.#kindOf = kindOf;
  }

  /** `at` is in UTC seconds; logs know of no time after 2106. */
  set(
    row: number,
    at: number,
    member: number,
    kindId: number,
    points: number,
    count: number,
  ): void {
    const words = this.#words;
    const place = row * WORDS;
    words[place] = at;
    words[place + 1] = member;
    words[place + 2] = kindId;
    words[place + 3] = points;
    words[place + 4] = count;
  }

  /** The rows of one group, which has these addresses. */
  between(start: number, end: number, addresses: readonly Address[]): Iterable<Offence> {
    return new RowIterator(this.#words, start * WORDS, end * WORDS, addresses, this.#kindOf);
  }
}

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Goes through rows once. One object is filled again for each, and that is handed over in one that
 * is the same each time: a generator takes as long for a row as all that is done with it.
 */
class RowIterator implements IterableIterator<Offence> {
  readonly #words: Uint32Array;
  #place: number;
  readonly #end: number;
  readonly #addresses: readonly Address[];
  readonly #kindOf: (id: number) => OffenceKind;
  readonly #offence: Changing<Offence> = {
    at: 0,
    address: NOBODY,
    points: 0,
    count: 0,
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
    this.#place = start;
    this.#end = end;
    this.#addresses = addresses;
    this.#kindOf = kindOf;
  }

  [Symbol.iterator](): IterableIterator<Offence> {
    return this;
  }

  next(): IteratorResult<Offence, undefined> {
    const words = this.#words;
    const place = this.#place;
    if (place === this.#end) return { done: true, value: undefined };
    this.#place = place + WORDS;
    const offence = this.#offence;
    offence.at = words[place] ?? 0;
    offence.address = this.#addresses[words[place + 1] ?? 0] ?? NOBODY;
    offence.kind = this.#kindOf(words[place + 2] ?? 0);
    offence.points = words[place + 3] ?? 0;
    offence.count = words[place + 4] ?? 0;
    return this.#result as IteratorYieldResult<Offence>;
  }
}
