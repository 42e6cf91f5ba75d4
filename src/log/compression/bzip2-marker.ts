import { randomInt } from 'node:crypto';
import { BitWriter } from './bit-writer.ts';
import { BLOCK_MAGIC, END_MAGIC } from './bzip2-marks.ts';

/** With these and two more symbols all codes of 5 bits are in use. They are seldom in texts. */
const FIRST_VALUE = 0xe0;
const VALUES = 30;
const CODE_BITS = 5;

/** A text that nothing else contains, and a bzip2 stream of it. */
export interface Bzip2Marker {
  readonly text: Buffer;
  readonly stream: Buffer;
}

/** Makes up a marker: 30 bytes in one of 2^107 orders, which nobody can have foreseen. */
export function makeMarker(): Bzip2Marker {
  const values = Array.from({ length: VALUES }, (_, i) => FIRST_VALUE + i);
  const text = Buffer.alloc(VALUES);
  for (const at of text.keys()) text.set(values.splice(randomInt(values.length), 1), at);
  return { text, stream: streamOf(text) };
}

/** All bytes of the text differ, each of the values is there: that spares all of sorting and runs. */
function streamOf(text: Buffer): Buffer {
  const crc = crcOf(text);
  const stream = new BitWriter(128);
  stream.put(0x425a68, 24);
  stream.put(0x31, 8);
  for (const half of BLOCK_MAGIC) stream.put(half, 24);
  stream.put(crc, 32);
  stream.put(0, 1);
  // The rotations are in the order of their first bytes, of which each is another.
  stream.put((text[0] ?? 0) - FIRST_VALUE, 24);
  // Which values there are: 16 bits for each 16 that have some.
  const used = Array.from({ length: 256 }, (_, value) => (text.includes(value) ? 1 : 0));
  const groups = Array.from({ length: 16 }, (_, group) => used.slice(group * 16, group * 16 + 16));
  for (const group of groups) stream.put(group.includes(1) ? 1 : 0, 1);
  for (const bit of groups.filter((group) => group.includes(1)).flat()) stream.put(bit, 1);
  // Two tables, of which the first is in use; in each all codes have the same length.
  stream.put(2, 3);
  stream.put(1, 15);
  stream.put(0, 1);
  for (const _ of [1, 2]) {
    stream.put(CODE_BITS, 5);
    stream.put(0, VALUES + 2);
  }
  for (const place of placesOf(text)) stream.put(place + 1, CODE_BITS);
  stream.put(VALUES + 1, CODE_BITS);
  for (const half of END_MAGIC) stream.put(half, 24);
  stream.put(crc, 32);
  return stream.bytes;
}

/** The last bytes of the sorted rotations, each moved to the front of the values. */
function placesOf(text: Buffer): number[] {
  const values = [...text].toSorted((a, b) => a - b);
  return [...values].map((first) => {
    const before = text.at(text.indexOf(first) - 1) ?? 0;
    const place = values.indexOf(before);
    values.splice(place, 1);
    values.unshift(before);
    return place;
  });
}

function crcOf(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c1_1db7 : 0);
  }
  return ~crc >>> 0;
}
