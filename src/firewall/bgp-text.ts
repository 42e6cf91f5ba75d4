import type { PrefixList } from '../net/prefix-list.ts';
import { writePrefixes } from '../net/prefix-writer.ts';

/** A community of two numbers (RFC 1997), or a large one of three (RFC 8092). */
export type Community = readonly number[];

const FAMILIES = [4, 6] as const;
const MAX_SHORT = 0xffff;
const MAX_LONG = 0xffff_ffff;

/** BLACKHOLE (RFC 7999) and NO_EXPORT: the prefixes are other people's, and must not leave one's network. */
export const DEFAULT_COMMUNITIES: readonly Community[] = [
  [65_535, 666],
  [65_535, 65_281],
];

/** Reads 65535:666 or 4200000000:1:666; undefined if it is neither. */
export function readCommunity(text: string): Community | undefined {
  const numbers = text.split(':').map((part) => (/^\d{1,10}$/.test(part) ? Number(part) : NaN));
  const most = { 2: MAX_SHORT, 3: MAX_LONG }[numbers.length];
  return most !== undefined && numbers.every((number) => number <= most) ? numbers : undefined;
}

/** A set of prefixes and the statement that announces them, for an include of bgpd.conf(5). */
export function* openbgpdText(
  rules: PrefixList,
  table: string,
  communities: readonly Community[],
): Generator<Uint8Array> {
  const set = communities.map((one) => `${isLarge(one) ? 'large-' : ''}community ${one.join(':')}`);
  yield Buffer.from(`prefix-set ${table} {\n`);
  yield* writePrefixes(rules, { before: '\t' });
  yield Buffer.from(`}\nnetwork prefix-set ${table} set { ${set.join(' ')} }\n`);
}

/** A protocol of static routes for each family, for an include of bird.conf. */
export function* birdText(
  rules: PrefixList,
  table: string,
  communities: readonly Community[],
): Generator<Uint8Array> {
  const set = communities.map(
    (one) => `bgp_${isLarge(one) ? 'large_' : ''}community.add((${one.join(',')}));`,
  );
  for (const family of FAMILIES) {
    yield Buffer.from(
      `protocol static '${table}${family}' {\n\tipv${family} { import filter { ${set.join(' ')} accept; }; };\n`,
    );
    yield* writePrefixes(rules, { family, before: '\troute ', after: ' blackhole;\n' });
    yield Buffer.from('}\n');
  }
}

/** A template for each family, which neighbours inherit: ExaBGP includes no files. */
export function* exabgpText(
  rules: PrefixList,
  table: string,
  communities: readonly Community[],
): Generator<Uint8Array> {
  const set = (name: string, some: readonly Community[]) =>
    some.length === 0 ? '' : ` ${name} [ ${some.map((one) => one.join(':')).join(' ')} ]`;
  const short = communities.filter((one) => !isLarge(one));
  const after = ` next-hop self${set('community', short)}${set('large-community', communities.filter(isLarge))};\n`;
  yield Buffer.from('template {\n');
  for (const family of FAMILIES) {
    yield Buffer.from(`\tneighbor ${table}${family} {\n\t\tstatic {\n`);
    yield* writePrefixes(rules, { family, before: '\t\t\troute ', after });
    yield Buffer.from('\t\t}\n\t}\n');
  }
  yield Buffer.from('}\n');
}

function isLarge(community: Community): boolean {
  return community.length === 3;
}
