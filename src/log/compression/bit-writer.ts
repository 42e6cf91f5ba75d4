/** Bits put one after the other, from the highest of each byte down. */
export class BitWriter {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #bit = 0;

  /** There must be room for all that is put before it is emptied. */
  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** The bytes so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, (this.#bit + 7) >> 3);
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** Begins again, in the same memory. */
  empty(): void {
    this.#bit = 0;
  }

  /** Goes on with the next byte; zeros are before it. */
  align(): void {
    this.#bit = (this.#bit + 7) & ~7;
  }

  /** The last bits of a number, at most 32. */
  put(value: number, count: number): void {
    for (let left = count; left > 0; ) {
      const at = this.#bit >> 3;
      const used = this.#bit & 7;
      const taken = Math.min(8 - used, left);
      left -= taken;
      const bits = ((value >>> left) & ((1 << taken) - 1)) << (8 - used - taken);
      this.#bytes[at] = (used === 0 ? 0 : (this.#bytes[at] ?? 0)) | bits;
      this.#bit += taken;
    }
  }

  /** The bits from one to before another. Only where a byte begins. */
  copy(bytes: Buffer, start: number, end: number): void {
    const shift = start & 7;
    const from = viewOf(bytes);
    let bit = start;
    // Four at a time, as long as there is a fifth that the rest of the bits is in.
    const last = Math.min(end - 32, (bytes.length - 5) * 8);
    let to = this.#bit >> 3;
    for (let at = start >> 3; bit <= last; at += 4) {
      const word = (from.getUint32(at) << shift) | (from.getUint8(at + 4) >> (8 - shift));
      this.#view.setUint32(to, word);
      to += 4;
      bit += 32;
    }
    this.#bit = to * 8;
    while (bit < end) {
      const count = Math.min(8 - (bit & 7), end - bit);
      this.put((bytes[bit >> 3] ?? 0) >> (8 - (bit & 7) - count), count);
      bit += count;
    }
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
