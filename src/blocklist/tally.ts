import { type Address, compareAddresses } from '../net/address.ts';
import type { Seconds } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { Offence } from './offence.ts';

/** Of one activation so many rows name their address; what more there is, is summed without. */
export const EVIDENCE_ROWS = 256;

/** So many rows are looked through faster than a map is asked, and most never are as many. */
const FEW_ROWS = 8;

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

interface Row<A extends Address | undefined = Address | undefined> {
  readonly address: A;
  readonly kind: Kind;
  count: number;
  firstSeen: Seconds;
  lastSeen: Seconds;
}

/**
 * Sums the evidence of one activation by address and kind. What is taken out is forgotten, but not
 * which addresses it named: they alone go on being named when there are too many.
 */
export class Tally {
  /** Those that name their address, and where they are once they are many. */
  readonly #rows: Row<Address>[] = [];
  #byKey: Map<number | string, Row<Address>> | undefined;
  readonly #nameless: Row<undefined>[] = [];
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
    const known = this.#find(address, kind);
    if (known !== undefined) return known;
    if (this.#rows.length < EVIDENCE_ROWS) {
      const row = emptyRow(address, kind);
      this.#rows.push(row);
      if (this.#rows.length === FEW_ROWS) {
        this.#byKey = new Map(this.#rows.map((one) => [keyOf(one.address, one.kind), one]));
      } else {
        this.#byKey?.set(keyOf(address, kind), row);
      }
      return row;
    }
    const sum = this.#nameless.find((row) => row.kind === kind);
    if (sum !== undefined) return sum;
    const row = emptyRow(undefined, kind);
    this.#nameless.push(row);
    return row;
  }

  #find(address: Address, kind: Kind): Row | undefined {
    if (this.#byKey !== undefined) return this.#byKey.get(keyOf(address, kind));
    for (const row of this.#rows) {
      if (row.kind === kind && compareAddresses(row.address, address) === 0) return row;
    }
    return undefined;
  }
}

function emptyRow<A extends Address | undefined>(address: A, kind: Kind): Row<A> {
  return { address, kind, count: 0, firstSeen: 0, lastSeen: 0 };
}

/** Exact: an id is far below 2^21, so that the sum is below 2^53. */
function keyOf({ family, a, b, c, d }: Address, { id }: Kind): number | string {
  return family === 4 ? id * 2 ** 32 + a : `${id}:${a}:${b}:${c}:${d}`;
}
