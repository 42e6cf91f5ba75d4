import type { Evidence } from '../blocklist/evidence.ts';
import { compareAddresses } from '../net/address.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { damagedRow } from './store-error.ts';
import { isSeconds, isWhole } from './value.ts';

/** All of one kind: service, message, host, and what there is of each address. */
type Group = readonly [service: string, message: string, host: string, ...rows: readonly Item[]];

/** The address is null for the summed rest; `lastSeen` is left out where it is `firstSeen`. */
type Item = readonly [address: string | null, count: number, firstSeen: number, lastSeen?: number];

/** Evidence of one activation from one log, without the log, which the row has: for a column. */
export function cellOfEvidence(evidence: readonly Evidence[]): string {
  const groups: [string, string, string, ...Item[]][] = [];
  for (const { address, service, message, host, count, firstSeen, lastSeen } of evidence) {
    let group = groups.find((one) => one[1] === message && one[0] === service && one[2] === host);
    if (group === undefined) {
      group = [service, message, host];
      groups.push(group);
    }
    const from = address ? formatAddress(address) : null;
    group.push(
      firstSeen === lastSeen ? [from, count, firstSeen] : [from, count, firstSeen, lastSeen],
    );
  }
  return JSON.stringify(groups);
}

/** The inverse of {@link cellOfEvidence}. Throws McblockError('store') for what is none. */
export function evidenceOfCell(cell: unknown, log: string): Evidence[] {
  const groups = jsonOf(cell);
  if (!Array.isArray(groups)) throw damagedRow('evidence', log, 'it is no list');
  return groups.flatMap((group: unknown) => {
    const evidence = Array.isArray(group) ? evidenceOfGroup(group as unknown as Group, log) : [];
    if (evidence.length > 0) return evidence;
    throw damagedRow('evidence', log, `${JSON.stringify(group)} is none`);
  });
}

function jsonOf(cell: unknown): unknown {
  try {
    return typeof cell === 'string' ? JSON.parse(cell) : undefined;
  } catch {
    return undefined;
  }
}

/** The same address, service, message, log and host add up; in that order. */
export function sumEvidence(evidence: Iterable<Evidence>): Evidence[] {
  const sums = new Map<string, Evidence>();
  for (const row of evidence) {
    const { address, service, message, log, host, count, firstSeen, lastSeen } = row;
    const key = [address ? formatAddress(address) : '', service, message, log, host].join('\0');
    const sum = sums.get(key);
    sums.set(
      key,
      sum
        ? {
            ...sum,
            count: sum.count + count,
            firstSeen: Math.min(sum.firstSeen, firstSeen),
            lastSeen: Math.max(sum.lastSeen, lastSeen),
          }
        : row,
    );
  }
  return [...sums.values()].toSorted(compareEvidence);
}

/** What is summed without an address comes first. */
function compareEvidence(p: Evidence, q: Evidence): number {
  const byAddress =
    p.address && q.address
      ? compareAddresses(p.address, q.address)
      : Number(p.address !== undefined) - Number(q.address !== undefined);
  return (
    byAddress ||
    compareTexts(p.service, q.service) ||
    compareTexts(p.message, q.message) ||
    compareTexts(p.log, q.log) ||
    compareTexts(p.host, q.host)
  );
}

function compareTexts(p: string, q: string): number {
  return p < q ? -1 : Number(p > q);
}

/** Empty where anything of it is wrong. */
function evidenceOfGroup([service, message, host, ...items]: Group, log: string): Evidence[] {
  if (![service, message, host].every((word) => typeof word === 'string')) return [];
  const rows = items.map((item): Evidence | undefined => {
    if (!Array.isArray(item)) return undefined;
    const [text, count, firstSeen, lastSeen = firstSeen] = item as unknown as Item;
    const address = typeof text === 'string' ? parseAddress(text) : undefined;
    const isSpan = isSeconds(firstSeen) && isSeconds(lastSeen) && firstSeen <= lastSeen;
    if ((text !== null && !address) || !isWhole(count) || count < 1 || !isSpan) return undefined;
    return { address, service, message, log, host, count, firstSeen, lastSeen };
  });
  return rows.every((row) => row !== undefined) ? rows : [];
}
