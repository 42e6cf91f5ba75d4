import type { PrefixList } from '../net/prefix-list.ts';
import type { Difference } from './difference.ts';
import { dropRule, type SetKey, setElements, setName, setsOf, setType } from './nft-sets.ts';

/**
 * A script for `nft -f` that puts a table of our own in the place of the one that is there, in one
 * transaction. For each prefix length a hash set, asked with the address masked to that length: an
 * interval set takes minutes to load a million prefixes, these take seconds. Packets that answer a
 * connection from here pass, as with pf's states; everything else from a blocked address is
 * dropped, connections that it opened before among it.
 */
export function* nftText(rules: PrefixList, table: string): Generator<Uint8Array> {
  const sets = setsOf(rules);
  yield Buffer.from(`table inet ${table} {}\ndelete table inet ${table}\ntable inet ${table} {\n`);
  for (const set of sets) {
    yield Buffer.from(`\tset ${setName(set)} {\n\t\ttype ${setType(set)}\n\t\telements = {\n`);
    yield* setElements(rules, set);
    yield Buffer.from('\t\t}\n\t}\n');
  }
  yield Buffer.from(
    '\tchain block {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n\t\tct direction reply accept\n',
  );
  for (const set of sets) yield Buffer.from(`\t\t${dropRule(set)}\n`);
  yield Buffer.from('\t}\n}\n');
}

/**
 * A script for `nft -f` that changes so much of that table, in one transaction. Where it has no set
 * of a length yet, it gets one; one that is empty stays. `sets` names those that it has.
 */
export function* nftChangeText(
  { added, removed }: Difference,
  table: string,
  sets: readonly SetKey[],
): Generator<Uint8Array> {
  const known = new Set(sets.map(setName));
  for (const set of setsOf(removed)) {
    yield* elementsText('delete', removed, table, set);
  }
  for (const set of setsOf(added)) {
    const isNew = !known.has(setName(set));
    if (isNew) {
      yield Buffer.from(
        `add set inet ${table} ${setName(set)} { type ${setType(set)}; }\n` +
          `add rule inet ${table} block ${dropRule(set)}\n`,
      );
    }
    yield* elementsText('add', added, table, set);
  }
}

function* elementsText(
  command: 'add' | 'delete',
  list: PrefixList,
  table: string,
  set: SetKey,
): Generator<Uint8Array> {
  yield Buffer.from(`${command} element inet ${table} ${setName(set)} {\n`);
  yield* setElements(list, set);
  yield Buffer.from('}\n');
}
