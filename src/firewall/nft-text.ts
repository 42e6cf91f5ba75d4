import type { PrefixList } from '../net/prefix-list.ts';
import type { Difference } from './difference.ts';
import { dropRule, type SetKey, setElements, setName, setsOf, setType } from './nft-sets.ts';

/**
 * A script for `nft -f` that replaces our table in one transaction. It has a hash set for each prefix
 * length, looked up with the address masked to that length: an interval set takes minutes to load a
 * million prefixes, these take seconds. Replies to connections from here pass, as with pf's states;
 * everything else from a blocked address is dropped, established connections included.
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
 * A script for `nft -f` that changes that table in one transaction. Missing sets are created; empty
 * ones stay.
 * @param sets those that the table has
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
