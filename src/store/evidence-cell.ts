import type { Evidence } from '../blocklist/evidence.ts';
import { compareAddresses } from '../net/address.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { damagedRow } from './store-error.ts';
import { isSeconds, isWhole } from './value.ts';

/** Evidence without the log, which the row has: address (null: the summed rest) and so on. */
type Item = readonly [
  address: string | null,
  service: string,
  message: string,
  host: string,
  count: number,
  firstSeen: number,
  lastSeen: number,
];

/** Evidence of one activation from one log, as a text for a column. */
export function cellOfEvidence(evidence: readonly Evidence[]): string {
  return JSON.stringify(
    evidence.map(({ address, service, message, host, count, firstSeen, lastSeen }): Item => {
      const text = address ? formatAddress(address) : null;
      return [text, service, message, host, count, firstSeen, lastSeen];
    }),
  );
}

/** The inverse of {@link cellOfEvidence}. Throws McblockError('store') for what is none. */
export function evidenceOfCell(cell: unknown, log: string): Evidence[] {
  const items: unknown = typeof cell === 'string' ? JSON.parse(cell) : undefined;
  if (!Array.isArray(items)) throw damagedRow('evidence', log, 'it is no list');
  return items.map((item: unknown) => {
    const evidence = Array.isArray(item) ? evidenceOf(item as unknown as Item, log) : undefined;
    if (!evidence) throw damagedRow('evidence', log, `${JSON.stringify(item)} is none`);
    return evidence;
  });
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

function evidenceOf(item: Item, log: string): Evidence | undefined {
  const [text, service, message, host, count, firstSeen, lastSeen] = item;
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  if (text !== null && !address) return undefined;
  if (![service, message, host].every((word) => typeof word === 'string')) return undefined;
  const isSpan = isSeconds(firstSeen) && isSeconds(lastSeen) && firstSeen <= lastSeen;
  if (!isWhole(count) || count < 1 || !isSpan) return undefined;
  return { address, service, message, log, host, count, firstSeen, lastSeen };
}
