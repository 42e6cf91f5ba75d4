import { type Address, compareAddresses } from '../net/address.ts';
import type { Seconds } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { Offence, OffenceKind } from './offence.ts';
import { isProbe, NAMELESS_PROBE } from './probe.ts';

/** Rows per activation that keep their address; further offences are summed without one. */
export const EVIDENCE_ROWS = 256;

interface Row {
  readonly address: Address | undefined;
  readonly kind: OffenceKind;
  port: number | undefined;
  count: number;
  firstSeen: Seconds;
  lastSeen: Seconds;
}

interface NamedRow extends Row {
  readonly address: Address;
  readonly next: NamedRow | undefined;
}

/**
 * Sums the evidence of one activation by address and kind. Rows that were taken keep their right to
 * an address when there are too many.
 */
export class EvidenceAggregator {
  /** Rows with an address, by its hash; rows with the same hash are chained. */
  readonly #rows = new Map<number, NamedRow>();
  #named = 0;
  readonly #nameless: Row[] = [];
  /** The rows with a count above 0. */
  #counted: Row[] = [];
  #lastRow: Row | undefined;

  /** @param at the time of the offence, or now if that is in the future */
  add({ address, kind, port, count }: Offence, at: Seconds): void {
    const last = this.#lastRow;
    // Most offences repeat the last one.
    const row =
      last !== undefined && last.address === address && last.kind === kind
        ? last
        : this.#rowOf(address, kind);
    this.#lastRow = row;
    if (row.count === 0) {
      this.#counted.push(row);
      row.firstSeen = at;
      row.lastSeen = at;
    }
    row.count += count;
    row.firstSeen = Math.min(row.firstSeen, at);
    if (at >= row.lastSeen) row.port = port;
    row.lastSeen = Math.max(row.lastSeen, at);
  }

  /** The rows since the last time. */
  take(): readonly Evidence[] {
    const taken: Evidence[] = [];
    for (const row of this.#counted) {
      const { address, kind, port, count, firstSeen, lastSeen } = row;
      const { service, message, log, host, proxy, rule = '' } = kind;
      taken.push({
        address,
        service,
        message,
        port,
        count,
        firstSeen,
        lastSeen,
        log,
        host,
        proxy,
        rule,
      });
      row.count = 0;
    }
    this.#counted = [];
    return taken;
  }

  #rowOf(address: Address, kind: OffenceKind): Row {
    const hash = hashOf(address);
    const next = this.#rows.get(hash);
    for (let row = next; row !== undefined; row = row.next) {
      if (isAlike(row.kind, kind) && isSame(row.address, address)) return row;
    }
    if (this.#named < EVIDENCE_ROWS) {
      const row = { address, kind, port: undefined, count: 0, firstSeen: 0, lastSeen: 0, next };
      this.#rows.set(hash, row);
      this.#named++;
      return row;
    }
    return this.#namelessRow(kind);
  }

  #namelessRow(own: OffenceKind): Row {
    const kind = isProbe({ kind: own }) ? NAMELESS_PROBE : own;
    const sum = this.#nameless.find((row) => isAlike(row.kind, kind));
    if (sum !== undefined) return sum;
    const row = {
      address: undefined,
      kind,
      port: undefined,
      count: 0,
      firstSeen: 0,
      lastSeen: 0,
    };
    this.#nameless.push(row);
    return row;
  }
}

/** Whether they differ by nothing that evidence has, such as the conditions on users that hold. */
function isAlike(p: OffenceKind, q: OffenceKind): boolean {
  return (
    p === q ||
    (p.message === q.message &&
      p.service === q.service &&
      p.rule === q.rule &&
      p.host === q.host &&
      p.log === q.log &&
      p.proxy === q.proxy)
  );
}

/** The two are usually the same object. */
function isSame(p: Address, q: Address): boolean {
  return p === q || compareAddresses(p, q) === 0;
}

/** A small integer, which is several times faster as the key of a map. */
function hashOf({ a, b, c, d }: Address): number {
  return a ^ b ^ c ^ d;
}
