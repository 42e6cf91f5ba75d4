/** How a log is compressed. */
export interface Format {
  readonly name: 'plain' | 'bzip2' | 'gzip' | 'xz' | 'zstd';
  /** The first bytes of such a file; plain is what begins otherwise. */
  readonly magic: readonly number[];
}

const PLAIN: Format = { name: 'plain', magic: [] };

/** Every format that is read, in the order of trying. */
const FORMATS: readonly Format[] = [
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  PLAIN,
];

/** So many bytes are enough to recognise any format. */
export const MAGIC_BYTES = Math.max(...FORMATS.map(({ magic }) => magic.length));

/** By content, never by name. `head` is the first bytes of the file, all of them if it is short. */
export function recogniseFormat(head: Uint8Array): Format {
  return (
    FORMATS.find(
      ({ magic }) => head.length >= magic.length && magic.every((byte, i) => byte === head[i]),
    ) ?? PLAIN
  );
}
