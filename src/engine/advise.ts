import { type Entry, isActive, type Seconds } from '../blocklist/entry.ts';
import type { Policy, PolicyFor } from '../blocklist/policy.ts';
import { type WidenBounds, wideningCandidates } from '../blocklist/widen.ts';
import { FAMILY_BITS, type Family } from '../net/address.ts';
import { coalesce } from '../net/coalesce.ts';
import { comparePrefixes, type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { StoreReader } from '../store/reader.ts';
import type { Geo } from './geo.ts';
import { persistentEntries } from './persistent.ts';
import { blockable } from './record/widen.ts';

/** A proposed length is so much shorter than the automatic one: four times as many addresses. */
const WIDER_BITS = 2;
/** The least share of the persistent ones that a country or network must have, in percent. */
const MIN_SHARE = 10;

/** A wider entry or a rule for what many persistent entries are in; nothing is done by itself. */
export interface Advice {
  readonly kind: 'prefix' | 'network' | 'country';
  /** The prefix itself; `AS64500 Example Net`; `XX`. */
  readonly prefix: Prefix | undefined;
  readonly name: string;
  /** How many persistent entries are in it, of how many that are active. */
  readonly persistent: number;
  readonly active: number;
  readonly hits: number;
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  /** The automatic lengths that a rule for it could have; undefined where it needs none. */
  readonly length4: number | undefined;
  readonly length6: number | undefined;
  /**
   * IPv4 addresses that would be blocked with those that offended, were the entries of today made so;
   * of a prefix, the addresses in it that were never blocked.
   */
  readonly otherAddresses: number;
}

export interface AdviceOptions {
  readonly geo: Geo | undefined;
  readonly policy: Policy;
  /** With the rules that there are. */
  readonly policyFor: PolicyFor;
  readonly bounds: WidenBounds;
  /** The least number of persistent entries in a prefix, network or country. */
  readonly min: number;
  readonly now: Seconds;
}

/** Prefixes, networks and countries that many persistent entries are in, the most first. */
export function advise(store: StoreReader, options: AdviceOptions): Advice[] {
  const { policy, now } = options;
  const persistent = [...persistentEntries(store, policy.persistent.days, now)];
  const prefixes = prefixesOf(store, persistent, options);
  const advice = [...networksAndCountries(store, persistent, options), ...prefixes];
  return advice.toSorted((p, q) => q.persistent - p.persistent);
}

function networksAndCountries(
  store: StoreReader,
  persistent: readonly Entry[],
  options: AdviceOptions,
): Advice[] {
  const { geo, policy, min, now } = options;
  if (geo === undefined) return [];
  const enough = Math.max(min, (persistent.length * MIN_SHARE) / 100);
  const kinds = [
    ['network', (prefix: Prefix) => geo.network(prefix)],
    ['country', (prefix: Prefix) => geo.country(prefix)],
  ] as const;
  return kinds.flatMap(([kind, nameOf]) => {
    const own = groupsOf(persistent, nameOf);
    const wanted = new Set(
      Array.from(own, ([name, { length }]) => (length >= enough ? name : '')).filter(Boolean),
    );
    if (wanted.size === 0) return [];
    const active = groupsOf(store.entries({ state: 'active', at: now }), (prefix) => {
      const name = nameOf(prefix);
      return name !== undefined && wanted.has(name) ? name : undefined;
    });
    return Array.from(active).flatMap(([name, entries]): Advice[] => {
      const mine = own.get(name) ?? [];
      const lengths = lengthsFor(mine, options);
      const { length4 = policy.auto.length4, length6 } = lengths;
      if (lengths.length4 === undefined && length6 === undefined) return [];
      const from = { kind, prefix: undefined, name, ...lengths, active: entries.length };
      return [{ ...from, ...sumOf(mine), otherAddresses: costOf(entries, length4) }];
    });
  });
}

/** Those that are shorter than what the rules have for the entries already. */
function lengthsFor(
  entries: readonly Entry[],
  { policy: { auto }, policyFor }: AdviceOptions,
): Pick<Advice, 'length4' | 'length6'> {
  const needed = (family: Family, key: 'length4' | 'length6'): number | undefined => {
    const shorter = auto[key] - WIDER_BITS;
    const own = entries.filter(({ prefix }) => prefix.family === family);
    return own.some(({ prefix }) => policyFor(prefix).auto[key] > shorter) ? shorter : undefined;
  };
  return { length4: needed(4, 'length4'), length6: needed(6, 'length6') };
}

function prefixesOf(
  store: StoreReader,
  persistent: readonly Entry[],
  options: AdviceOptions,
): Advice[] {
  const { bounds, policy, min, now } = options;
  const ordered = persistent.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix));
  const families = Object.keys(FAMILY_BITS).map(Number) as Family[];
  return families.flatMap((family) => {
    const wanted = { ...bounds, minNetworks: min };
    const candidates = wideningCandidates(family, ordered, wanted, policy, now);
    return blockable(candidates, store, policy, now).map((candidate): Advice => {
      const { prefix, blocked, hits, firstSeen, lastSeen } = candidate;
      const within = [...store.under(prefix)];
      const active = within.filter((entry) => isActive(entry, now)).length;
      // Counts all that were ever blocked, as `widen` does.
      const one = {
        ...wanted,
        minNetworks: 1,
        share: 0,
        widest4: prefix.length,
        widest6: prefix.length,
      };
      const [whole = candidate] = wideningCandidates(family, within, one, policy, now);
      const seen = { persistent: blocked, active, hits, firstSeen, lastSeen };
      const lengths = { length4: undefined, length6: undefined };
      const from = { kind: 'prefix', prefix, name: '', ...lengths } as const;
      return { ...from, ...seen, otherAddresses: whole.addedAddresses };
    });
  });
}

function groupsOf(
  entries: Iterable<Entry>,
  nameOf: (prefix: Prefix) => string | undefined,
): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = nameOf(entry.prefix);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return groups;
}

function sumOf(entries: readonly Entry[]) {
  return {
    persistent: entries.length,
    hits: entries.reduce((sum, { hits }) => sum + hits, 0),
    firstSeen: Math.min(...entries.map(({ firstSeen = Infinity }) => firstSeen)),
    lastSeen: Math.max(...entries.map(({ lastSeen = 0 }) => lastSeen)),
  };
}

/** How many more IPv4 addresses the entries would cover if none were narrower than this. */
function costOf(entries: readonly Entry[], length4: number): number {
  const narrow = entries.map(({ prefix }) => prefix).filter(({ family }) => family === 4);
  const wide = narrow.map((prefix) => prefixAround(prefix, Math.min(prefix.length, length4)));
  return addressesIn(wide) - addressesIn(narrow);
}

function addressesIn(prefixes: readonly Prefix[]): number {
  let sum = 0;
  for (const { length } of coalesce(PrefixList.from(prefixes))) sum += 2 ** (32 - length);
  return sum;
}
