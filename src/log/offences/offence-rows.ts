import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, addressOf } from '../../net/address.ts';
import { knownTime, type LogTime, secondsOf } from '../time/clock.ts';

const NOBODY: Address = addressOf(4, 0);
const MAX_WORD = 2 ** 32 - 1;
/** A port + 1 has 17 bits, which leaves 15 for the count in one word. */
const PORT_BITS = 17;
const PORT_MASK = 2 ** PORT_BITS - 1;
const MAX_COUNT = 2 ** 15 - 1;

const BLOCK_BITS = 12;
const BLOCK_ROWS = 2 ** BLOCK_BITS;
/** A row: three numbers of 64 bits, then four of 32 bits. */
const FLOATS = 5;
const WORDS = FLOATS * 2;
const TIME = 0;
const KEY = 1;
const USER = 2;
const ADDRESS = 6;
const KIND = 7;
const POINTS = 8;
const COUNT_AND_PORT = 9;

/** Rows in memory, as numbers of 64 and of 32 bits. */
interface Block {
  readonly floats: Float64Array;
  readonly words: Uint32Array;
}

/**
 * The offences of a log in rows of 40 bytes, which grow by blocks: a row is written and read in one
 * place of the memory, and none is ever moved.
 */
export class OffenceRows {
  readonly #kindOf: (id: number) => OffenceKind;
  #blocks: Block[] = [];
  /** The last block. */
  #block: Block = { floats: new Float64Array(0), words: new Uint32Array(0) };
  #length = 0;

  constructor(kindOf: (id: number) => OffenceKind) {
    this.#kindOf = kindOf;
  }

  get length(): number {
    return this.#length;
  }

  /** See OffenceTable.push. */
  push(
    time: LogTime,
    addressId: number,
    kindId: number,
    points: number,
    count: number,
    port: number,
    user: number,
    key: number,
  ): void {
    const row = this.#length++ % BLOCK_ROWS;
    if (row === 0) this.#addBlock();
    const { floats, words } = this.#block;
    const float = row * FLOATS;
    floats[float + TIME] = time;
    floats[float + KEY] = key;
    floats[float + USER] = user;
    const word = row * WORDS;
    words[word + ADDRESS] = addressId;
    words[word + KIND] = kindId;
    words[word + POINTS] = Math.min(points, MAX_WORD);
    words[word + COUNT_AND_PORT] = (Math.min(count, MAX_COUNT) << PORT_BITS) | (port + 1);
  }

  timeAt(row: number): LogTime {
    return this.#float(row, TIME);
  }

  keyAt(row: number): number {
    return this.#float(row, KEY);
  }

  addressIdAt(row: number): number {
    return this.#word(row, ADDRESS);
  }

  pointsAt(row: number): number {
    return this.#word(row, POINTS);
  }

  countAt(row: number): number {
    return this.#word(row, COUNT_AND_PORT) >>> PORT_BITS;
  }

  /** Replaces the points of a row that was pushed. */
  setPoints(row: number, points: number): void {
    const block = this.#blocks[row >>> BLOCK_BITS];
    if (block !== undefined) block.words[(row % BLOCK_ROWS) * WORDS + POINTS] = points;
  }

  /** Replaces what is known only at the end of the log; `at` is in UTC seconds, of 32 bits. */
  resolve(row: number, at: number, points: number, count: number): void {
    const block = this.#blocks[row >>> BLOCK_BITS];
    if (block === undefined) return;
    block.floats[(row % BLOCK_ROWS) * FLOATS + TIME] = knownTime(at);
    const word = (row % BLOCK_ROWS) * WORDS;
    block.words[word + POINTS] = points;
    const port = (block.words[word + COUNT_AND_PORT] ?? 0) & PORT_MASK;
    block.words[word + COUNT_AND_PORT] = (count << PORT_BITS) | port;
  }

  clear(): void {
    this.#blocks = [];
    this.#length = 0;
  }

  /**
   * Resolved rows, in this order.
   * @param memberOf by id of the address: its index in `addresses`
   */
  inOrder(
    order: Uint32Array,
    memberOf: Uint32Array,
    addresses: readonly Address[],
  ): Iterable<Offence> {
    return new RowIterator(this.#blocks, order, memberOf, addresses, this.#kindOf);
  }

  #float(row: number, field: number): number {
    return this.#blocks[row >>> BLOCK_BITS]?.floats[(row % BLOCK_ROWS) * FLOATS + field] ?? 0;
  }

  #word(row: number, field: number): number {
    return this.#blocks[row >>> BLOCK_BITS]?.words[(row % BLOCK_ROWS) * WORDS + field] ?? 0;
  }

  #addBlock(): void {
    const floats = new Float64Array(BLOCK_ROWS * FLOATS);
    this.#block = { floats, words: new Uint32Array(floats.buffer) };
    this.#blocks.push(this.#block);
  }
}

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Iterates over rows, reusing one offence and one result: a generator would take as long as all the
 * work on a row.
 */
class RowIterator implements IterableIterator<Offence> {
  readonly #blocks: readonly Block[];
  readonly #order: Uint32Array;
  #index = 0;
  readonly #memberOf: Uint32Array;
  readonly #addresses: readonly Address[];
  readonly #kindOf: (id: number) => OffenceKind;
  readonly #offence: Changing<Offence>;
  readonly #result: { done: boolean; value: Offence };

  constructor(
    blocks: readonly Block[],
    order: Uint32Array,
    memberOf: Uint32Array,
    addresses: readonly Address[],
    kindOf: (id: number) => OffenceKind,
  ) {
    this.#blocks = blocks;
    this.#order = order;
    this.#memberOf = memberOf;
    this.#addresses = addresses;
    this.#kindOf = kindOf;
    this.#offence = {
      at: 0,
      address: NOBODY,
      points: 0,
      count: 0,
      port: undefined,
      user: undefined,
      key: undefined,
      kind: kindOf(0),
    };
    this.#result = { done: false, value: this.#offence };
  }

  [Symbol.iterator](): IterableIterator<Offence> {
    return this;
  }

  next(): IteratorResult<Offence, undefined> {
    const row = this.#order[this.#index] ?? 0;
    const block = this.#blocks[row >>> BLOCK_BITS];
    if (this.#index === this.#order.length || block === undefined) {
      return { done: true, value: undefined };
    }
    this.#index++;
    const { floats, words } = block;
    const float = (row % BLOCK_ROWS) * FLOATS;
    const word = (row % BLOCK_ROWS) * WORDS;
    const offence = this.#offence;
    offence.at = secondsOf(floats[float + TIME] ?? 0);
    offence.address = this.#addresses[this.#memberOf[words[word + ADDRESS] ?? 0] ?? 0] ?? NOBODY;
    offence.kind = this.#kindOf(words[word + KIND] ?? 0);
    offence.points = words[word + POINTS] ?? 0;
    const packed = words[word + COUNT_AND_PORT] ?? 0;
    offence.count = packed >>> PORT_BITS;
    const port = packed & PORT_MASK;
    offence.port = port === 0 ? undefined : port - 1;
    offence.user = floats[float + USER] || undefined;
    offence.key = floats[float + KEY];
    return this.#result as IteratorYieldResult<Offence>;
  }
}
