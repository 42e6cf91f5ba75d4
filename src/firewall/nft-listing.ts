import { parseAddress } from '../net/address-text.ts';
import { prefixAround } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { type SetKey, setName, setOfName, setType } from './nft-sets.ts';

/** The rules and sets of our table. */
export interface NftListing {
  readonly rules: PrefixList;
  readonly sets: readonly SetKey[];
}

/**
 * Reads the output of `nft -j list table` (libnftables-json(5)). Undefined if the table is not in our
 * form: a foreign or missing set or rule, a chain with another hook. Of a rule only the lookup and the
 * verdict are compared, as versions of nft differ in the rest.
 */
export function readNftListing(json: string): NftListing | undefined {
  const objects = objectsOf(json);
  if (objects === undefined) return undefined;
  const rules = new PrefixList();
  const sets: SetKey[] = [];
  const asked: string[] = [];
  let chains = 0;
  for (const object of objects) {
    if (isRecord(object['set'])) {
      const set = readSet(object['set'], rules);
      if (set === undefined) return undefined;
      sets.push(set);
    } else if (isRecord(object['chain'])) {
      if (!isOurChain(object['chain'])) return undefined;
      chains++;
    } else if (isRecord(object['rule'])) {
      asked.push(JSON.stringify(object['rule']['expr']));
    } else if (isRecord(object['table'])) {
      // The chains of a dormant table are not hooked.
      if ('flags' in object['table']) return undefined;
    } else if (!('metainfo' in object)) {
      return undefined;
    }
  }
  if (chains !== 1 || !areOurRules(asked, sets)) return undefined;
  rules.sort();
  return { rules, sets };
}

type JsonRecord = Readonly<Record<string, unknown>>;

function objectsOf(json: string): JsonRecord[] | undefined {
  try {
    const listing: unknown = JSON.parse(json);
    const objects = isRecord(listing) ? listing['nftables'] : undefined;
    return Array.isArray(objects) && objects.every(isRecord) ? objects : undefined;
  } catch {
    return undefined;
  }
}

/** Adds the elements to `rules`; undefined if the set is not ours. */
function readSet(set: JsonRecord, rules: PrefixList): SetKey | undefined {
  const key = setOfName(String(set['name']));
  const elements = set['elem'] ?? [];
  const plain = !('flags' in set || 'map' in set || 'timeout' in set);
  if (key === undefined || !plain || set['type'] !== setType(key)) return undefined;
  if (!Array.isArray(elements)) return undefined;
  for (const element of elements) {
    const address = typeof element === 'string' ? parseAddress(element) : undefined;
    if (address?.family !== key.family) return undefined;
    const prefix = prefixAround(address, key.length);
    // An element with bits beyond the mask never matches a packet.
    const { a, b, c, d } = prefix;
    if (a !== address.a || b !== address.b || c !== address.c || d !== address.d) return undefined;
    rules.push(prefix);
  }
  return key;
}

function isOurChain(chain: JsonRecord): boolean {
  return (
    chain['name'] === 'block' &&
    chain['type'] === 'filter' &&
    chain['hook'] === 'prerouting' &&
    chain['policy'] === 'accept'
  );
}

/** Reply packets are accepted first; then each set is looked up once and drops. */
function areOurRules([first = '', ...others]: readonly string[], sets: readonly SetKey[]): boolean {
  if (!(first.includes('"reply"') && first.includes('"accept"'))) return false;
  const names = others.flatMap((rule) => {
    const name = /"@(\w+)"/.exec(rule)?.[1];
    return name !== undefined && rule.includes('"saddr"') && rule.includes('"drop"') ? [name] : [];
  });
  const wanted = sets.map(setName).toSorted();
  const found = names.toSorted();
  return others.length === wanted.length && wanted.every((name, index) => name === found[index]);
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
