/** Parts of unbzip2-stream: its own stream cannot tell where a file broke, nor what follows it. */
declare module 'unbzip2-stream/lib/bzip2.js' {
  import type { BitIterator } from 'unbzip2-stream/lib/bit_iterator.js';

  interface Decoder {
    /** Reads the header of a stream; returns the block size in units of 100,000 bytes. */
    header(bits: BitIterator): number;
    /**
     * Reads one block and returns the CRC of the stream so far, or reads the end of the stream and
     * returns null. `block` is scratch memory of `size` numbers.
     */
    decompress(
      bits: BitIterator,
      put: (byte: number) => void,
      block: Int32Array,
      size: number,
      crc: number,
    ): number | null;
  }
  const decoder: Decoder;
  export default decoder;
}

declare module 'unbzip2-stream/lib/bit_iterator.js' {
  export interface BitIterator {
    /** The next 1 to 32 bits; null skips to the next whole byte. */
    (count: number | null): number;
    /** How many bytes were begun. */
    readonly bytesRead: number;
  }
  /** What `nextBuffer` throws is thrown by the iterator. */
  export default function bitIterator(nextBuffer: () => Uint8Array): BitIterator;
}
