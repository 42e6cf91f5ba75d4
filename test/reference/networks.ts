import type { Family } from '../../src/net/address.ts';
import { type Prefix, prefixAround } from '../../src/net/prefix.ts';

/** Slow, obvious versions of src/net: an address is one bigint, a set of them is a Set. */

export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The address of a prefix as one number. */
export function valueOf({ family, a, b, c, d }: Omit<Prefix, 'length'>): bigint {
  if (family === 4) return BigInt(a);
  return (BigInt(a) << 96n) | (BigInt(b) << 64n) | (BigInt(c) << 32n) | BigInt(d);
}

/** The prefix of this length around the address with this number. */
export function prefixOf(family: Family, value: bigint, length: number): Prefix {
  const word = (shift: bigint) => Number((value >> shift) & 0xffffffffn);
  const address =
    family === 4
      ? { family, a: word(0n), b: 0, c: 0, d: 0 }
      : { family, a: word(96n), b: word(64n), c: word(32n), d: word(0n) };
  return prefixAround(address, length);
}

/** The first address of the prefix and the first one after it. */
function rangeOf(prefix: Prefix): [bigint, bigint] {
  const first = valueOf(prefix);
  return [first, first + (1n << BigInt(bitsOf(prefix.family) - prefix.length))];
}

export function containsPrefixReference(outer: Prefix, inner: Prefix): boolean {
  const [outerFirst, outerEnd] = rangeOf(outer);
  const [first, end] = rangeOf(inner);
  return outer.family === inner.family && outerFirst <= first && end <= outerEnd;
}

/**
 * The fewest prefixes that cover what the list contains and the holes do not, in order: the address
 * space is halved, again and again, until a half is all in or all out.
 */
export function subtractReference(list: readonly Prefix[], holes: readonly Prefix[]): Prefix[] {
  return ([4, 6] as const).flatMap((family) => {
    const of = (prefixes: readonly Prefix[]) => prefixes.filter((p) => p.family === family);
    return part(prefixOf(family, 0n, 0), of(list), of(holes));
  });
}

export function coalesceReference(list: readonly Prefix[]): Prefix[] {
  return subtractReference(list, []);
}

function part(within: Prefix, list: readonly Prefix[], holes: readonly Prefix[]): Prefix[] {
  const touching = (prefixes: readonly Prefix[]) =>
    prefixes.filter(
      (p) => containsPrefixReference(p, within) || containsPrefixReference(within, p),
    );
  const inside = touching(list);
  const outside = touching(holes);
  if (inside.length === 0 || outside.some((hole) => containsPrefixReference(hole, within)))
    return [];
  if (outside.length === 0 && inside.some((p) => containsPrefixReference(p, within)))
    return [within];
  const { family, length } = within;
  const [first, end] = rangeOf(within);
  const left = part(prefixOf(family, first, length + 1), inside, outside);
  const right = part(prefixOf(family, (first + end) / 2n, length + 1), inside, outside);
  const [half, otherHalf] = [left[0], right[0]];
  const isWhole = half?.length === length + 1 && otherHalf?.length === length + 1;
  return isWhole ? [within] : [...left, ...right];
}
