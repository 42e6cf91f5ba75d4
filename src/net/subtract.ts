import type { Family } from './address.ts';
import { isMapped } from './address-reader.ts';
import { coalesce } from './coalesce.ts';
import { PrefixList } from './prefix-list.ts';
import type { NetworkRun } from './prefix-sort.ts';

/**
 * The list minus the holes: the fewest prefixes that cover exactly those addresses, in order. Linear
 * in both lists and the result; neither list is changed.
 */
export function subtract(list: PrefixList, holes: PrefixList): PrefixList {
  const whole = coalesce(list);
  if (holes.size === 0) return whole;
  const gone = coalesce(holes);
  const rest = new PrefixList(whole.size4, whole.size6);
  subtractFamily(4, whole.run4(), gone.run4(), rest);
  subtractFamily(6, whole.run6(), gone.run6(), rest);
  return rest;
}

/**
 * Walks both lists, which are coalesced. The remaining parts of a prefix are as large as possible, so
 * that no two are siblings; parts of two prefixes never are.
 */
function subtractFamily(family: Family, whole: NetworkRun, holes: NetworkRun, rest: PrefixList) {
  const stride = family === 4 ? 1 : 4;
  let hole = 0;
  for (let index = 0; index < whole.lengths.length; index++) {
    const length = whole.lengths[index] ?? 0;
    load(whole.networks, index, stride, NETWORK);
    let relation = relationOf(holes, hole, stride, length);
    for (; relation === 'before'; relation = relationOf(holes, hole, stride, length)) hole++;
    if (relation === 'after') push(family, NETWORK, length, rest);
    else if (relation === 'inside') {
      CURSOR.set(NETWORK);
      for (; relation === 'inside'; relation = relationOf(holes, hole, stride, length)) {
        fillUpToHole(family, rest);
        step(CURSOR, holes.lengths[hole] ?? 0);
        hole++;
      }
      fillUpToEnd(family, length, rest);
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
  stride: number,
  length: number,
): 'before' | 'after' | 'contains' | 'inside' {
  if (hole >= holes.lengths.length) return 'after';
  const holeLength = holes.lengths[hole] ?? 0;
  load(holes.networks, hole, stride, HOLE);
  const same = sameBits(NETWORK, HOLE);
  if (same >= holeLength && holeLength <= length) return 'contains';
  if (same >= length) return 'inside';
  const word = same >>> 5;
  return (HOLE[word] ?? 0) < (NETWORK[word] ?? 0) ? 'before' : 'after';
}

function load(networks: Uint32Array, index: number, stride: number, into: Uint32Array): void {
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
function fillUpToHole(family: Family, rest: PrefixList): void {
  for (let same = sameBits(CURSOR, HOLE); same < 128; same = sameBits(CURSOR, HOLE)) {
    const length = Math.max(widestAt(family), same + 1);
    push(family, CURSOR, length, rest);
    step(CURSOR, length);
  }
}

/** From the cursor to the end of NETWORK, where a step leaves it or wraps around. */
function fillUpToEnd(family: Family, networkLength: number, rest: PrefixList): void {
  for (;;) {
    const same = sameBits(CURSOR, NETWORK);
    if (same < networkLength || same === 128) return;
    const length = widestAt(family);
    push(family, CURSOR, length, rest);
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

function push(family: Family, words: Uint32Array, length: number, rest: PrefixList): void {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  if (family === 4) rest.push4(a, length);
  // This would be an IPv4-mapped address, which is IPv4.
  else if (length < 96 || !isMapped(words)) rest.push6(a, b, c, d, length);
}
