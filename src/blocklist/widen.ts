import { FAMILY_BITS, type Family } from '../net/address.ts';
import { embeddedPrefix } from '../net/embedded.ts';
import { comparePrefixes, containsPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { type Entry, isActive, type Seconds } from './entry.ts';
import type { Policy } from './policy.ts';

/** When the prefix around blocked neighbours is proposed. */
export interface WidenBounds {
  /** The widest prefix to propose. */
  readonly widest4: number;
  readonly widest6: number;
  /** The least percentage of its networks that must be or have been blocked. */
  readonly share: number;
  /** The least number of them. */
  readonly minNetworks: number;
}

/** A prefix that could be blocked as a whole, with the reasons. */
export interface Candidate {
  readonly prefix: Prefix;
  /** The number of automatic prefixes in it; may exceed 2^53. */
  readonly networks: number;
  /** How many of them are or were blocked, and how many are blocked now. */
  readonly blocked: number;
  readonly active: number;
  /** Offences from all of them, and the times of the first and last. */
  readonly hits: number;
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  /** Addresses in it that were never blocked. */
  readonly addedAddresses: number;
}

interface Group {
  prefix: Prefix;
  blocked: number;
  active: number;
  hits: number;
  firstSeen: Seconds;
  lastSeen: Seconds;
}

/**
 * The widest prefixes within the bounds, around automatic entries of one family. The entries must be
 * in the order of their networks; those of another length than the automatic one and those that were
 * never active are ignored. One pass, in constant memory apart from the candidates.
 */
export function wideningCandidates(
  family: Family,
  entries: Iterable<Entry>,
  bounds: WidenBounds,
  { auto }: Policy,
  now: Seconds,
): Candidate[] {
  const length = family === 4 ? auto.length4 : auto.length6;
  const widest = family === 4 ? bounds.widest4 : bounds.widest6;
  const found: Candidate[] = [];
  /** The current group of each length, the widest first. */
  const groups: (Group | undefined)[] = [];
  const finish = (group: Group | undefined): void => {
    const candidate = group && candidateOf(group, length, bounds);
    if (candidate !== undefined) found.push(candidate);
  };
  for (const entry of entries) {
    const { prefix } = entry;
    if (prefix.family !== family || prefix.length !== length || entry.activations === 0) continue;
    // What surrounds an embedded IPv4 address are the addresses of others.
    if (embeddedPrefix(prefix, auto.nat64) !== undefined) continue;
    for (let wide = widest; wide < length; wide++) {
      const group = groups[wide];
      if (group !== undefined && containsPrefix(group.prefix, prefix)) {
        count(group, entry, now);
        continue;
      }
      finish(group);
      groups[wide] = count(newGroup(prefixAround(prefix, wide)), entry, now);
    }
  }
  for (const group of groups) finish(group);
  return outermost(found);
}

function newGroup(prefix: Prefix): Group {
  return { prefix, blocked: 0, active: 0, hits: 0, firstSeen: Infinity, lastSeen: 0 };
}

function count(group: Group, entry: Entry, now: Seconds): Group {
  group.blocked++;
  if (isActive(entry, now)) group.active++;
  group.hits += entry.hits;
  group.firstSeen = Math.min(group.firstSeen, entry.firstSeen ?? Infinity);
  group.lastSeen = Math.max(group.lastSeen, entry.lastSeen ?? 0);
  return group;
}

function candidateOf(group: Group, length: number, bounds: WidenBounds): Candidate | undefined {
  const { prefix, blocked } = group;
  const networks = 2 ** (length - prefix.length);
  if (blocked < bounds.minNetworks || blocked * 100 < networks * bounds.share) return undefined;
  const addressesEach = 2 ** (FAMILY_BITS[prefix.family] - length);
  return { ...group, networks, addedAddresses: (networks - blocked) * addressesEach };
}

/** Without those that lie within another, in the order of their networks. */
function outermost(candidates: readonly Candidate[]): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix))) {
    const last = kept.at(-1);
    if (last === undefined || !containsPrefix(last.prefix, candidate.prefix)) kept.push(candidate);
  }
  return kept;
}
