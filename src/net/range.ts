import { type Address, compareAddresses, FAMILY_BITS } from './address.ts';
import { lastAddress, type Prefix, prefixAround } from './prefix.ts';

/**
 * The fewest prefixes that hold exactly the addresses from the first to the last; undefined if they
 * are of different families or the last is lower.
 */
export function rangePrefixes(first: Address, last: Address): readonly Prefix[] | undefined {
  if (first.family !== last.family || compareAddresses(first, last) > 0) return undefined;
  const prefixes: Prefix[] = [];
  const bits = FAMILY_BITS[first.family];
  for (let start: Address | undefined = first; start !== undefined; ) {
    let length: number = bits;
    // Find the widest prefix that begins here and does not pass the end.
    while (length > 0) {
      const wider = prefixAround(start, length - 1);
      if (compareAddresses(wider, start) !== 0) break;
      if (compareAddresses(lastAddress(wider), last) > 0) break;
      length--;
    }
    const prefix = prefixAround(start, length);
    prefixes.push(prefix);
    const end = lastAddress(prefix);
    start = compareAddresses(end, last) === 0 ? undefined : next(end);
  }
  return prefixes;
}

/** The next address. This one must not be the last of its family. */
function next({ family, a, b, c, d }: Address): Address {
  if (family === 4) return { family, a: a + 1, b, c, d };
  const words = [a, b, c, d];
  for (let index = 3; index >= 0; index--) {
    words[index] = ((words[index] ?? 0) + 1) >>> 0;
    if (words[index] !== 0) break;
  }
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return { family, a: w0, b: w1, c: w2, d: w3 };
}
