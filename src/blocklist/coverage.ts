import { FAMILY_BITS, type Family } from '../net/address.ts';
import { coalesce } from '../net/coalesce.ts';
import type { NetworkRun } from '../net/network-run.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';

/** How many addresses of each family are covered. */
export type Coverage = Readonly<Record<Family, bigint>>;

/** A share is taken of 2^32 IPv4 addresses, and of the 2^125 in 2000::/3 (RFC 4291, 2.4). */
const SPACE: Coverage = { 4: 2n ** 32n, 6: 2n ** 125n };

const FAMILIES: readonly Family[] = [4, 6];

/** The addresses that the list covers: all IPv4 addresses, and those in 2000::/3. */
export function coverageOf(list: PrefixList): Coverage {
  return coverageOfCoalesced(coalesce(list));
}

/** The same for a list in which no prefix contains another, such as rules. */
export function coverageOfCoalesced(list: PrefixList): Coverage {
  return { 4: sumOf(list.runs[4]), 6: sumOf(list.runs[6]) };
}

/** The addresses of one prefix that count. */
export function sizeOf(prefix: Prefix): bigint {
  return isCounted(prefix.family, prefix.a, prefix.length)
    ? sizeOfLength(prefix.family, prefix.length)
    : 0n;
}

/** The most addresses that a share in percent allows. */
export function mostAddresses(family: Family, sharePercent: number): bigint {
  return (SPACE[family] * BigInt(sharePercent)) / 100n;
}

/** The first family of which more than this share in percent is covered. */
export function exceededFamily(coverage: Coverage, sharePercent: number): Family | undefined {
  return FAMILIES.find((family) => coverage[family] > mostAddresses(family, sharePercent));
}

/**
 * The prefixes from the narrowest on, as many as cover no more than this share of each family; in
 * no particular order.
 */
export function narrowestWithin(list: PrefixList, sharePercent: number): PrefixList {
  const kept = new PrefixList();
  for (const family of FAMILIES) {
    const most = mostAddresses(family, sharePercent);
    const byLength: Prefix[][] = Array.from({ length: FAMILY_BITS[family] + 1 }, () => []);
    for (const prefix of list) {
      if (prefix.family === family) byLength[prefix.length]?.push(prefix);
    }
    let within: readonly Prefix[] = [];
    for (const next of byLength.toReversed()) {
      if (next.length === 0) continue;
      const wider = [...within, ...next];
      if (coverageOf(PrefixList.from(wider))[family] > most) {
        within = filled(within, next, most);
        break;
      }
      within = wider;
    }
    for (const prefix of within) kept.push(prefix);
  }
  return kept;
}

/** As many of the next ones, all of one length, as there is room for. */
function filled(
  within: readonly Prefix[],
  next: readonly Prefix[],
  most: bigint,
): readonly Prefix[] {
  const [first] = next;
  if (first === undefined) return within;
  // Those that contain what is kept take less room than this.
  const room = most - coverageOf(PrefixList.from(within))[first.family];
  const count = sizeOf(first) === 0n ? 0n : room / sizeOf(first);
  return [...within, ...next.slice(0, Number(count))];
}

function sumOf({ family, stride, networks, lengths, size }: NetworkRun): bigint {
  const counts = Array.from({ length: FAMILY_BITS[family] + 1 }, () => 0);
  for (let index = 0; index < size; index++) {
    const length = lengths[index] ?? 0;
    if (isCounted(family, networks[index * stride] ?? 0, length)) {
      counts[length] = (counts[length] ?? 0) + 1;
    }
  }
  return counts.reduce(
    (sum, count, length) =>
      count === 0 ? sum : sum + BigInt(count) * sizeOfLength(family, length),
    0n,
  );
}

/** Whether the prefix, which begins with this word, and 2000::/3 overlap. */
function isCounted(family: Family, word: number, length: number): boolean {
  if (family === 4) return true;
  // Of anything wider than 2000::/3 only the bits that it has are compared.
  const bits = Math.min(length, 3);
  return bits === 0 || word >>> (32 - bits) === 1 >>> (3 - bits);
}

function sizeOfLength(family: Family, length: number): bigint {
  const size = 1n << BigInt(FAMILY_BITS[family] - length);
  return size < SPACE[family] ? size : SPACE[family];
}
