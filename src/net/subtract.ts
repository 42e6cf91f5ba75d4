import { type Family, isMapped } from './address.ts';
import { coalesce } from './coalesce.ts';
import type { NetworkRun } from './network-run.ts';
import { PrefixList } from './prefix-list.ts';

/**
 * The list minus the holes: the fewest prefixes that cover exactly those addresses, in order. Linear
 * in both lists and the result; neither list is changed.
 */
export function subtract(list: PrefixList, holes: PrefixList): PrefixList {
  const whole = coalesce(list);
  if (holes.size === 0) return whole;
  const gone = coalesce(holes);
  const rest = new PrefixList();
  subtractRun(whole.runs[4], gone.runs[4], rest.runs[4]);
  subtractRun(whole.runs[6], gone.runs[6], rest.runs[6]);
  return rest;
}

/**
 * Walks both lists, which are coalesced. The remaining parts of a prefix are as large as possible, so
 * that no two are siblings; parts of two prefixes never are.
 */
function subtractRun(whole: NetworkRun, holes: NetworkRun, rest: NetworkRun) {
  let hole = 0;
  for (let index = 0; index < whole.size; index++) {
    const length = whole.lengths[index] ?? 0;
    load(whole, index, NETWORK);
    let relation = relationOf(holes, hole, length);
    for (; relation === 'before'; relation = relationOf(holes, hole, length)) hole++;
    if (relation === 'after') push(NETWORK, length, rest);
    else if (relation === 'inside') {
      CURSOR.set(NETWORK);
      for (; relation === 'inside'; relation = relationOf(holes, hole, length)) {
        fillUpToHole(rest);
        step(CURSOR, holes.lengths[hole] ?? 0);
        hole++;
      }
      fillUpToEnd(length, rest);
    }
  }
}

/** The current prefix, the current hole, and how far the prefix is processed. */
const NETWORK = new Uint32Array(4);
const HOLE = new Uint32Array(4);
const CURSOR = new Uint32Array(4);

/** The position of the hole relative to NETWORK with this length. */
function relationOf(
  holes: NetworkRun,
  hole: number,
  length: number,
): 'before' | 'after' | 'contains' | 'inside' {
  if (hole >= holes.size) return 'after';
  const holeLength = holes.lengths[hole] ?? 0;
  load(holes, hole, HOLE);
  const same = sameBits(NETWORK, HOLE);
  if (same >= holeLength && holeLength <= length) return 'contains';
  if (same >= length) return 'inside';
  const word = same >>> 5;
  return (HOLE[word] ?? 0) < (NETWORK[word] ?? 0) ? 'before' : 'after';
}

function load({ networks, stride }: NetworkRun, index: number, into: Uint32Array): void {
  for (let word = 0; word < stride; word++) into[word] = networks[index * stride + word] ?? 0;
  for (let word = stride; word < 4; word++) into[word] = 0;
}

/** The number of common leading bits; 128 if all. */
function sameBits(p: Uint32Array, q: Uint32Array): number {
  for (let word = 0; word < 4; word++) {
    const differing = (p[word] ?? 0) ^ (q[word] ?? 0);
    if (differing !== 0) return word * 32 + Math.clz32(differing);
  }
  return 128;
}

/** From the cursor to the hole: each time the widest prefix that starts there and ends before it. */
function fillUpToHole(rest: NetworkRun): void {
  for (let same = sameBits(CURSOR, HOLE); same < 128; same = sameBits(CURSOR, HOLE)) {
    const length = Math.max(widestAt(rest.family), same + 1);
    push(CURSOR, length, rest);
    step(CURSOR, length);
  }
}

/** From the cursor to the end of NETWORK, where a step leaves it or wraps around. */
function fillUpToEnd(networkLength: number, rest: NetworkRun): void {
  for (;;) {
    const same = sameBits(CURSOR, NETWORK);
    if (same < networkLength || same === 128) return;
    const length = widestAt(rest.family);
    push(CURSOR, length, rest);
    step(CURSOR, length);
  }
}

/** The length of the widest prefix that can start at the cursor. */
function widestAt(family: Family): number {
  for (let word = family === 4 ? 0 : 3; word >= 0; word--) {
    const bits = CURSOR[word] ?? 0;
    if (bits !== 0) return word * 32 + Math.clz32(bits & -bits) + 1;
  }
  return 0;
}

/** Moves to the first address after a prefix of this length; wraps around at the end. */
function step(words: Uint32Array, length: number): void {
  let word = (length - 1) >>> 5;
  let add = 2 ** (31 - ((length - 1) & 31));
  for (; word >= 0 && add > 0; word--) {
    const sum = (words[word] ?? 0) + add;
    words[word] = sum;
    add = sum > 0xffffffff ? 1 : 0;
  }
}

function push(words: Uint32Array, length: number, rest: NetworkRun): void {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  // This would be an IPv4-mapped address, which is IPv4.
  if (rest.family === 6 && length >= 96 && isMapped(a, b, c)) return;
  rest.push(a, b, c, d, length);
}
