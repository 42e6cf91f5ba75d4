import type { Family } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';
import { lastAddress, prefixAround } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';

/** A hash set of the table: the prefixes of one family and length. */
export interface SetKey {
  readonly family: Family;
  readonly length: number;
}

/** The names of the families in nft(8). */
const FAMILIES = {
  4: { header: 'ip', type: 'ipv4_addr' },
  6: { header: 'ip6', type: 'ipv6_addr' },
} as const;

const CHUNK_CHARACTERS = 1 << 16;

/** The sets that the list needs: IPv4 first, then by length, widest first. */
export function setsOf(list: PrefixList): SetKey[] {
  return [...lengthsOf(list, 4), ...lengthsOf(list, 6)];
}

/** Such as `ip_24` or `ip6_64`. */
export function setName({ family, length }: SetKey): string {
  return `${FAMILIES[family].header}_${length}`;
}

/** The inverse of {@link setName}; undefined for any other name. */
export function setOfName(name: string): SetKey | undefined {
  const match = /^(ip6?)_(0|[1-9]\d{0,2})$/.exec(name);
  if (!match) return undefined;
  const family = match[1] === 'ip' ? 4 : 6;
  const length = Number(match[2]);
  return length <= (family === 4 ? 32 : 128) ? { family, length } : undefined;
}

/** The type of the elements. */
export function setType({ family }: SetKey): string {
  return FAMILIES[family].type;
}

/** The rule that looks up this set. */
export function dropRule(set: SetKey): string {
  return `${FAMILIES[set.family].header} saddr & ${mask(set)} @${setName(set)} drop`;
}

/** The elements of one set, each followed by comma and newline; nft accepts a trailing comma. */
export function* setElements(list: PrefixList, set: SetKey): Generator<Uint8Array> {
  const { family, length } = set;
  const run = list.runs[family];
  let text = '';
  for (let index = 0; index < run.size; index++) {
    if (run.lengths[index] !== length) continue;
    text += `${formatAddress(run.at(index))},\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  yield Buffer.from(text, 'latin1');
}

function lengthsOf(list: PrefixList, family: Family): SetKey[] {
  const { lengths, size } = list.runs[family];
  return [...new Set(lengths.subarray(0, size))]
    .toSorted((p, q) => p - q)
    .map((length) => ({ family, length }));
}

function mask({ family, length }: SetKey): string {
  const none = { family, a: 0, b: 0, c: 0, d: 0 };
  const all = lastAddress(prefixAround(none, 0));
  return formatAddress(prefixAround(all, length));
}
