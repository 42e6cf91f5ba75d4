/** The decoder within unbzip2-stream, which decodes one block a call. */
declare module 'unbzip2-stream/lib/bzip2.js' {
  /** The next 1 to 32 bits; null goes on to the next whole byte. */
  type Bits = (count: number | null) => number;

  interface Decoder {
    /** Reads the beginning of a stream; returns its block size in units of 100,000 bytes. */
    header(bits: Bits): number;
    /**
     * Reads a block, or the end of a stream: then it returns null, else the CRC of the stream so
     * far. `block` is its memory, of `size` numbers.
     */
    decompress(
      bits: Bits,
      put: (byte: number) => void,
      block: Int32Array,
      size: number,
      crc: number,
    ): number | null;
  }
  const decoder: Decoder;
  export default decoder;
}
