import { coalesce4 } from './coalesce4.ts';
import { PrefixList } from './prefix-list.ts';
import { type NetworkRun, sortNetworks6 } from './prefix-sort.ts';

/**
 * The fewest prefixes that cover exactly the same addresses, in order. Linear; the list is not
 * changed. In the result no prefix contains another and no two are siblings.
 */
export function coalesce(list: PrefixList): PrefixList {
  return PrefixList.of(coalesce4(list.run4()), coalesce6(sortNetworks6(list.run6())));
}

/**
 * The result changes only at its end: as the prefixes are in order, the wider first, only its last
 * one can contain the next or be its sibling.
 */
function coalesce6({ networks, lengths }: NetworkRun): NetworkRun {
  const size = lengths.length;
  const outNetworks = new Uint32Array(size * 4);
  const outLengths = new Uint8Array(size);
  let count = 0;
  for (let index = 0; index < size; index++) {
    const at = index * 4;
    let length = lengths[index] ?? 0;
    let last = (count - 1) * 4;
    if (count > 0) {
      const same = sameBits(outNetworks, last, networks, at);
      const lastLength = outLengths[count - 1] ?? 0;
      if (same >= lastLength) continue;
    }
    outNetworks[count * 4] = networks[at] ?? 0;
    outNetworks[count * 4 + 1] = networks[at + 1] ?? 0;
    outNetworks[count * 4 + 2] = networks[at + 2] ?? 0;
    outNetworks[count * 4 + 3] = networks[at + 3] ?? 0;
    // Siblings differ only in the last bit of their length; the left one stays.
    while (
      count > 0 &&
      outLengths[count - 1] === length &&
      sameBits(outNetworks, last, outNetworks, last + 4) === length - 1
    ) {
      count--;
      last -= 4;
      length--;
    }
    outLengths[count] = length;
    count++;
  }
  return { networks: outNetworks.slice(0, count * 4), lengths: outLengths.slice(0, count) };
}

/** The number of common leading bits; 128 if all. */
function sameBits(p: Uint32Array, pAt: number, q: Uint32Array, qAt: number): number {
  for (let word = 0; word < 4; word++) {
    const differing = (p[pAt + word] ?? 0) ^ (q[qAt + word] ?? 0);
    if (differing !== 0) return word * 32 + Math.clz32(differing);
  }
  return 128;
}
