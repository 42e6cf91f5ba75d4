type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** The length of the first block at first: most columns of a log that is followed hold few numbers. */
const FIRST_LENGTH = 16;
const BLOCK_BITS = 13;
const BLOCK_LENGTH = 2 ** BLOCK_BITS;

/** A growing column of numbers, in blocks of 8,192. */
export class NumberColumn<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T;
  #blocks: T[] = [];
  /** The last block. */
  #block: T;
  #length = 0;
  readonly #largest: number;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#block = new make(0);
    const isFloat = this.#block instanceof Float64Array;
    this.#largest = isFloat ? Infinity : 2 ** (this.#block.BYTES_PER_ELEMENT * 8) - 1;
  }

  get length(): number {
    return this.#length;
  }

  /** Larger numbers than the type can hold become its largest. */
  push(value: number): void {
    const index = this.#length++ % BLOCK_LENGTH;
    if (index === 0 || index === this.#block.length) this.#grow(index);
    this.#block[index] = value > this.#largest ? this.#largest : value;
  }

  at(index: number): number {
    return this.#blocks[index >>> BLOCK_BITS]?.[index % BLOCK_LENGTH] ?? 0;
  }

  /** Replaces a number that was pushed. */
  set(index: number, value: number): void {
    const block = this.#blocks[index >>> BLOCK_BITS];
    if (block !== undefined) block[index % BLOCK_LENGTH] = value;
  }

  /** Adds a block, or makes the first one longer. */
  #grow(taken: number): void {
    const before = this.#block;
    const isFirst = this.#length <= BLOCK_LENGTH;
    this.#block = new this.#make(isFirst ? Math.max(FIRST_LENGTH, 8 * taken) : BLOCK_LENGTH);
    if (taken > 0) {
      this.#block.set(before);
      this.#blocks.pop();
    }
    this.#blocks.push(this.#block);
  }

  clear(): void {
    this.#blocks = [];
    this.#length = 0;
  }
}
