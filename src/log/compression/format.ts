/** A compression format. */
export interface Format {
  readonly name: 'plain' | 'bzip2' | 'gzip' | 'xz' | 'zstd';
  /** The first bytes of a file of that format; a file that begins otherwise is plain. */
  readonly magic: readonly number[];
}

const PLAIN: Format = { name: 'plain', magic: [] };

/** Every supported format, in the order in which they are tried. */
const FORMATS: readonly Format[] = [
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  PLAIN,
];

/** How many bytes recognise any format. */
export const MAGIC_BYTES = Math.max(...FORMATS.map(({ magic }) => magic.length));

/** The format by content, never by name. `head` is the beginning of the file, or all of it. */
export function recogniseFormat(head: Uint8Array): Format {
  return (
    FORMATS.find(
      ({ magic }) => head.length >= magic.length && magic.every((byte, i) => byte === head[i]),
    ) ?? PLAIN
  );
}
