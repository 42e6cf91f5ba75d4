import type { Family } from './address.ts';
import type { PrefixList } from './prefix-list.ts';
import { formatPrefix } from './prefix-text.ts';

/** The text around each prefix; ASCII. */
export interface PrefixShape {
  readonly before?: string;
  /** By default a newline. */
  readonly after?: string;
  /** Only the prefixes of this family. */
  readonly family?: Family;
}

/** The prefixes per chunk, which has about 64 KiB. */
const CHUNK_PREFIXES = 3500;
const MAX_PREFIX_BYTES = '0000:0000:0000:0000:0000:0000:0000:0000/128'.length;

/**
 * The prefixes of the list as text for programs, always with their length, by default one per line:
 * `5.149.104.0/22`. An empty list has no text. The chunks may be kept.
 */
export function* writePrefixes(list: PrefixList, shape: PrefixShape = {}): Generator<Buffer, void> {
  const { before = '', after = '\n', family } = shape;
  const head = Buffer.from(before, 'latin1');
  const tail = Buffer.from(after, 'latin1');
  const size4 = list.runs[4].size;
  const size = family === 4 ? size4 : list.size;
  for (let start = family === 6 ? size4 : 0; start < size; start += CHUNK_PREFIXES) {
    const end = Math.min(start + CHUNK_PREFIXES, size);
    const chunk = Buffer.allocUnsafe(
      (end - start) * (head.length + MAX_PREFIX_BYTES + tail.length),
    );
    let at = 0;
    for (let index = start; index < end; index++) {
      at = copy(head, chunk, at);
      at = writePrefix(list, index, chunk, at);
      at = copy(tail, chunk, at);
    }
    yield chunk.subarray(0, at);
  }
}

/** IPv4 is written as bytes: a text for each takes three times as long. */
function writePrefix(list: PrefixList, index: number, chunk: Buffer, start: number): number {
  const { size, networks, lengths } = list.runs[4];
  if (index >= size) return start + chunk.write(formatPrefix(list.at(index)), start, 'latin1');
  const network = networks[index] ?? 0;
  let at = start;
  for (let shift = 24; shift >= 0; shift -= 8) {
    at = copy(OCTETS[(network >>> shift) & 0xff], chunk, at);
  }
  chunk[at - 1] = SLASH;
  // A length is written like an octet, without the dot.
  return copy(OCTETS[lengths[index] ?? 0], chunk, at) - 1;
}

const SLASH = 0x2f;
const OCTETS = Array.from({ length: 256 }, (_, octet) => Buffer.from(`${octet}.`));

function copy(from: Uint8Array | undefined, to: Uint8Array, at: number): number {
  if (from === undefined) return at;
  for (let index = 0; index < from.length; index++) to[at + index] = from[index] ?? 0;
  return at + from.length;
}
