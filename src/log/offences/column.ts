type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** A growing column of numbers: memory is what its type needs, and at most half as much again. */
export class Column<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T;
  #values: T;
  #length = 0;
  readonly #largest: number;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#values = new make(1024);
    const isFloat = this.#values instanceof Float64Array;
    this.#largest = isFloat ? Infinity : 2 ** (this.#values.BYTES_PER_ELEMENT * 8) - 1;
  }

  get length(): number {
    return this.#length;
  }

  /** Numbers above what the type holds count as the largest it holds. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new this.#make(Math.ceil(this.#length * 1.5));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value > this.#largest ? this.#largest : value;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** What there is so far, where it lies: valid until the next push. */
  view(): T {
    return this.#values.subarray(0, this.#length) as T;
  }

  copy(): T {
    return this.#values.slice(0, this.#length) as T;
  }

  clear(): void {
    this.#length = 0;
  }
}
