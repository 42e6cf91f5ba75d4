import type { Family } from './address.ts';
import { writePrefix4, writePrefix6 } from './prefix-ascii.ts';
import type { PrefixList } from './prefix-list.ts';
import type { NetworkRun } from './prefix-sort.ts';

/** The text around each prefix; ASCII. */
export interface PrefixShape {
  readonly before?: string;
  /** By default a newline. */
  readonly after?: string;
  /** After each but the last one, and after the last one. */
  readonly between?: string;
  readonly last?: string;
}

/** The prefixes per chunk, which has about 64 KiB. */
const CHUNK_PREFIXES = 3500;
const MAX_PREFIX_BYTES = { 4: '255.255.255.255/32'.length, 6: 39 + '/128'.length } as const;

/**
 * The prefixes of the list as text for programs, always with their length, by default one per line:
 * `5.149.104.0/22`. An empty list has no text. The chunks may be kept.
 */
export function* writePrefixes(list: PrefixList, shape: PrefixShape = {}): Generator<Buffer, void> {
  const { before = '', after = '\n', between = '', last = '' } = shape;
  const head = Buffer.from(before, 'latin1');
  const tail = Buffer.from(after + between, 'latin1');
  let held: Buffer | undefined;
  for (const family of [4, 6] as const) {
    for (const chunk of chunksOf(family, list, head, tail)) {
      if (held !== undefined) yield held;
      held = chunk;
    }
  }
  if (held === undefined) return;
  yield held.subarray(0, held.length - tail.length);
  yield Buffer.from(after + last, 'latin1');
}

function* chunksOf(
  family: Family,
  list: PrefixList,
  before: Uint8Array,
  after: Uint8Array,
): Generator<Buffer, void> {
  const run = family === 4 ? list.run4() : list.run6();
  const write = family === 4 ? write4 : write6;
  const size = run.lengths.length;
  const bytesEach = before.length + MAX_PREFIX_BYTES[family] + after.length;
  for (let start = 0; start < size; start += CHUNK_PREFIXES) {
    const end = Math.min(start + CHUNK_PREFIXES, size);
    const chunk = Buffer.allocUnsafe((end - start) * bytesEach);
    yield chunk.subarray(0, write(chunk, run, start, end, before, after));
  }
}

/** Writes the prefixes from index `start` up to `end`. Returns where the text ends. */
function write4(
  chunk: Buffer,
  { networks, lengths }: NetworkRun,
  start: number,
  end: number,
  before: Uint8Array,
  after: Uint8Array,
): number {
  let at = 0;
  for (let index = start; index < end; index++) {
    at = copy(before, chunk, at);
    at = writePrefix4(chunk, at, networks[index] ?? 0, lengths[index] ?? 0);
    at = copy(after, chunk, at);
  }
  return at;
}

function write6(
  chunk: Buffer,
  { networks, lengths }: NetworkRun,
  start: number,
  end: number,
  before: Uint8Array,
  after: Uint8Array,
): number {
  let at = 0;
  for (let index = start; index < end; index++) {
    const word = index * 4;
    at = copy(before, chunk, at);
    at = writePrefix6(
      chunk,
      at,
      networks[word] ?? 0,
      networks[word + 1] ?? 0,
      networks[word + 2] ?? 0,
      networks[word + 3] ?? 0,
      lengths[index] ?? 0,
    );
    at = copy(after, chunk, at);
  }
  return at;
}

function copy(from: Uint8Array, to: Uint8Array, at: number): number {
  for (let index = 0; index < from.length; index++) to[at + index] = from[index] ?? 0;
  return at + from.length;
}
