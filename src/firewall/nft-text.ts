import type { Family } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';
import { writeAddress4, writeAddress6 } from '../net/address-writer.ts';
import { lastAddress, prefixAround } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';

const CHUNK_BYTES = 1 << 16;
const LONGEST_ELEMENT_BYTES = 64;

/** What the two families are called in nft(8). */
const FAMILIES = {
  4: { header: 'ip', type: 'ipv4_addr' },
  6: { header: 'ip6', type: 'ipv6_addr' },
} as const;

/**
 * A script for `nft -f` that puts a table of our own in the place of the one that is there, in one
 * transaction. For each prefix length a hash set, asked with the address masked to that length: an
 * interval set takes minutes to load a million prefixes, these take seconds. Packets that answer a
 * connection from here pass, as with pf's states; everything else from a blocked address is
 * dropped, connections that it opened before among it.
 */
export function* nftText(rules: PrefixList, table: string): Generator<Uint8Array> {
  const lengths = [...lengthsOf(rules, 4), ...lengthsOf(rules, 6)];
  yield Buffer.from(`table inet ${table} {}\ndelete table inet ${table}\ntable inet ${table} {\n`);
  for (const { family, length } of lengths) {
    yield Buffer.from(
      `\tset ${setName(family, length)} {\n\t\ttype ${FAMILIES[family].type}\n\t\telements = {\n`,
    );
    yield* elements(rules, family, length);
    yield Buffer.from('\t\t}\n\t}\n');
  }
  yield Buffer.from(
    '\tchain block {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n\t\tct direction reply accept\n',
  );
  for (const { family, length } of lengths) {
    const match = `${FAMILIES[family].header} saddr & ${mask(family, length)}`;
    yield Buffer.from(`\t\t${match} @${setName(family, length)} drop\n`);
  }
  yield Buffer.from('\t}\n}\n');
}

interface SetKey {
  readonly family: Family;
  readonly length: number;
}

/** The lengths that occur, the widest first. */
function lengthsOf(rules: PrefixList, family: Family): SetKey[] {
  const lengths = new Set(
    family === 4
      ? rules.lengths4.subarray(0, rules.size4)
      : rules.lengths6.subarray(0, rules.size6),
  );
  return [...lengths].toSorted((p, q) => p - q).map((length) => ({ family, length }));
}

function setName(family: Family, length: number): string {
  return `${FAMILIES[family].header}_${length}`;
}

function mask(family: Family, length: number): string {
  const none = { family, a: 0, b: 0, c: 0, d: 0 };
  const all = lastAddress(prefixAround(none, 0));
  return formatAddress(prefixAround(all, length));
}

function* elements(rules: PrefixList, family: Family, length: number): Generator<Uint8Array> {
  const size = family === 4 ? rules.size4 : rules.size6;
  const lengths = family === 4 ? rules.lengths4 : rules.lengths6;
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = 0;
  for (let index = 0; index < size; index++) {
    if (lengths[index] !== length) continue;
    if (end > CHUNK_BYTES - LONGEST_ELEMENT_BYTES) {
      yield chunk.subarray(0, end);
      chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      end = 0;
    }
    end =
      family === 4
        ? writeElement4(rules, index, chunk, end)
        : writeElement6(rules, index, chunk, end);
    chunk[end++] = COMMA;
    chunk[end++] = NEWLINE;
  }
  yield chunk.subarray(0, end);
}

const COMMA = 0x2c;
const NEWLINE = 0x0a;

function writeElement4(
  { networks4 }: PrefixList,
  index: number,
  chunk: Buffer,
  at: number,
): number {
  return writeAddress4(chunk, at, networks4[index] ?? 0);
}

function writeElement6(
  { networks6 }: PrefixList,
  index: number,
  chunk: Buffer,
  at: number,
): number {
  const [a = 0, b = 0, c = 0, d = 0] = networks6.subarray(index * 4, index * 4 + 4);
  return writeAddress6(chunk, at, a, b, c, d);
}
