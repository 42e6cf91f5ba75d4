import type { Address } from '../net/address.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { textOf } from './bytes.ts';
import type { Line } from './reader.ts';

/** A line that counts. */
export interface Sample {
  /** Its place in the log, from 1. */
  readonly number: number;
  readonly text: string;
}

/** Of one address so many are kept, and so many in all. */
const LIMIT_OF_ADDRESS = 20;
const LIMIT = 200_000;
const TEXT_LIMIT_BYTES = 512;

/** Lines that count, a few of each address: what a rehearsal shows. */
export class Samples {
  readonly #byAddress = new PrefixMap<Sample[]>();
  #count = 0;

  add({ number, bytes, start, end }: Line, address: Address): void {
    const host = hostPrefix(address);
    const known = this.#byAddress.get(host);
    if (this.#count >= LIMIT || (known?.length ?? 0) >= LIMIT_OF_ADDRESS) return;
    const text = textOf(bytes, start, Math.min(end, start + TEXT_LIMIT_BYTES));
    this.#count++;
    if (known === undefined) this.#byAddress.set(host, [{ number, text }]);
    else known.push({ number, text });
  }

  /** Those of all addresses in the prefix, in the order of the log. */
  within(prefix: Prefix): Sample[] {
    const all = this.#byAddress.coveredBy(prefix).flatMap(({ value }) => value);
    return all.toSorted((p, q) => p.number - q.number);
  }
}
