import { type Address, compareAddresses } from '../net/address.ts';
import type { Seconds } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { Offence } from './offence.ts';

/** Of one activation so many rows name their address; what more there is, is summed without. */
const EVIDENCE_ROWS = 256;

/** What is the same in many offences. There is one object for each, so that === compares them. */
export interface Kind extends Pick<Offence, 'service' | 'message' | 'log' | 'host'> {
  readonly id: number;
}

/** All the kinds there are: one for each message, log and host that spoke. */
export class Kinds {
  readonly #byMessage = new Map<string, Kind[]>();
  #count = 0;

  of(offence: Offence): Kind {
    const { service, message, log, host } = offence;
    const known = this.#byMessage.get(message);
    const kind = known?.find((k) => k.service === service && k.log === log && k.host === host);
    if (kind !== undefined) return kind;
    const added = { id: this.#count++, service, message, log, host };
    if (known === undefined) this.#byMessage.set(message, [added]);
    // The newest first: a log names itself in all its lines and is not seen again.
    else known.unshift(added);
    return added;
  }
}

interface Row {
  readonly address: Address | undefined;
  readonly kind: Kind;
  count: number;
  firstSeen: Seconds;
  lastSeen: Seconds;
}

interface NamedRow extends Row {
  readonly address: Address;
  readonly next: NamedRow | undefined;
}

/**
 * Sums the evidence of one activation by address and kind. What is taken out is forgotten, but not
 * which addresses it named: they alone go on being named when there are too many.
 */
export class Tally {
  /** Those that name their address, by hash; those with the same hash are chained. */
  readonly #rows = new Map<number, NamedRow>();
  #named = 0;
  readonly #nameless: Row[] = [];
  /** The rows with a count above 0. */
  #counted: Row[] = [];

  add(address: Address, kind: Kind, at: Seconds, count: number): void {
    const row = this.#rowOf(address, kind);
    if (row.count === 0) {
      this.#counted.push(row);
      row.firstSeen = at;
      row.lastSeen = at;
    }
    row.count += count;
    row.firstSeen = Math.min(row.firstSeen, at);
    row.lastSeen = Math.max(row.lastSeen, at);
  }

  /** The rows since the last time. */
  take(): readonly Evidence[] {
    const taken = this.#counted.map(({ address, kind, count, firstSeen, lastSeen }) => {
      const { service, message, log, host } = kind;
      return { address, service, message, count, firstSeen, lastSeen, log, host };
    });
    for (const row of this.#counted) row.count = 0;
    this.#counted = [];
    return taken;
  }

  #rowOf(address: Address, kind: Kind): Row {
    const hash = hashOf(address, kind);
    const next = this.#rows.get(hash);
    for (let row = next; row !== undefined; row = row.next) {
      if (row.kind === kind && compareAddresses(row.address, address) === 0) return row;
    }
    if (this.#named < EVIDENCE_ROWS) {
      const row = { address, kind, count: 0, firstSeen: 0, lastSeen: 0, next };
      this.#rows.set(hash, row);
      this.#named++;
      return row;
    }
    const sum = this.#nameless.find((row) => row.kind === kind);
    if (sum !== undefined) return sum;
    const row = { address: undefined, kind, count: 0, firstSeen: 0, lastSeen: 0 };
    this.#nameless.push(row);
    return row;
  }
}

/** A small integer: a map asks for those several times faster than for other keys. */
function hashOf({ a, b, c, d }: Address, { id }: Kind): number {
  return (a ^ b ^ c ^ d ^ Math.imul(id, 0x9e37_79b1)) | 0;
}
