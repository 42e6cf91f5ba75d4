/** More buckets no longer fit the near caches. */
const WIDEST_DIGIT = 12;

/** Sorts the keys in offset. The scratch array must be as long; its content is undefined afterwards. */
export function sortKeys(keys: Uint32Array, scratch: Uint32Array): void {
  let from = keys;
  let to = scratch;
  for (const { shift, mask } of digitsOf(keys)) {
    scatterKeys(from, to, shift, mask);
    [from, to] = [to, from];
  }
  if (from !== keys) keys.set(from);
}

/**
 * Keys with values, and buffers to sort them repeatedly without allocation. `keys` and `values` are
 * other arrays after each call.
 */
export class PairSorter {
  keys: Uint32Array;
  values: Uint32Array;
  #toKeys: Uint32Array;
  #toValues: Uint32Array;

  constructor(size: number) {
    this.keys = new Uint32Array(size);
    this.values = new Uint32Array(size);
    this.#toKeys = new Uint32Array(size);
    this.#toValues = new Uint32Array(size);
  }

  /** By key; stable. */
  sort(): void {
    for (const { shift, mask } of digitsOf(this.keys)) {
      const { keys, values } = this;
      scatterPairs(keys, values, this.#toKeys, this.#toValues, shift, mask);
      this.keys = this.#toKeys;
      this.values = this.#toValues;
      this.#toKeys = keys;
      this.#toValues = values;
    }
  }

  swapKeysAndValues(): void {
    [this.keys, this.values] = [this.values, this.keys];
  }
}

interface Digit {
  readonly shift: number;
  readonly mask: number;
}

/**
 * The digits to sort by, the least significant first: the bits in which keys differ, in as few digits
 * of even width as possible. Equal keys have none.
 */
function digitsOf(keys: Uint32Array): Digit[] {
  const differing = differingBits(keys);
  if (differing === 0) return [];
  const low = 31 - Math.clz32(differing & -differing);
  const width = 32 - Math.clz32(differing) - low;
  const count = Math.ceil(width / WIDEST_DIGIT);
  const bits = Math.ceil(width / count);
  return Array.from({ length: count }, (_, index) => ({
    shift: low + index * bits,
    mask: (1 << bits) - 1,
  }));
}

function differingBits(keys: Uint32Array): number {
  const first = keys[0] ?? 0;
  let differing = 0;
  for (let index = 0; index < keys.length; index++) differing |= (keys[index] ?? 0) ^ first;
  return differing;
}

function scatterKeys(from: Uint32Array, to: Uint32Array, shift: number, mask: number): void {
  const offsets = placesOf(from, shift, mask);
  for (let index = 0; index < from.length; index++) {
    const key = from[index] ?? 0;
    const digit = (key >>> shift) & mask;
    const offset = offsets[digit] ?? 0;
    offsets[digit] = offset + 1;
    to[offset] = key;
  }
}

function scatterPairs(
  keys: Uint32Array,
  values: Uint32Array,
  toKeys: Uint32Array,
  toValues: Uint32Array,
  shift: number,
  mask: number,
): void {
  const offsets = placesOf(keys, shift, mask);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] ?? 0;
    const digit = (key >>> shift) & mask;
    const offset = offsets[digit] ?? 0;
    offsets[digit] = offset + 1;
    toKeys[offset] = key;
    toValues[offset] = values[index] ?? 0;
  }
}

/** The index of the first key with each digit. */
function placesOf(keys: Uint32Array, shift: number, mask: number): Uint32Array {
  const offsets = new Uint32Array(mask + 1);
  countDigits(keys, shift, mask, offsets);
  let offset = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = offsets[digit] ?? 0;
    offsets[digit] = offset;
    offset += count;
  }
  return offsets;
}

function countDigits(keys: Uint32Array, shift: number, mask: number, counts: Uint32Array): void {
  for (let index = 0; index < keys.length; index++) {
    const digit = ((keys[index] ?? 0) >>> shift) & mask;
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
}
