import type { Address } from '../../net/address.ts';
import { contains, type Prefix, prefixAround } from '../../net/prefix.ts';
import { PrefixMap } from '../../net/prefix-map.ts';
import { textOf } from '../bytes.ts';
import type { Line } from '../reader.ts';

/** A line that counts. */
export interface Sample {
  /** Its place in the log, from 1. */
  readonly number: number;
  readonly text: string;
}

interface AddressedSample extends Sample {
  readonly address: Address;
}

/** Samples are kept by networks of these lengths, so many in all. */
const LENGTHS = { 4: 24, 6: 64 } as const;
const LIMIT = 200_000;
const TEXT_LIMIT_BYTES = 512;

/** The first lines that count, of each network so many: what a rehearsal shows. */
export class Samples {
  readonly #byNetwork = new PrefixMap<AddressedSample[]>();
  readonly #limitOfNetwork: number;
  #count = 0;

  constructor(limitOfNetwork: number) {
    this.#limitOfNetwork = limitOfNetwork;
  }

  add({ number, bytes, start, end }: Line, address: Address): void {
    const network = prefixAround(address, LENGTHS[address.family]);
    const known = this.#byNetwork.get(network);
    if (this.#count >= LIMIT || (known?.length ?? 0) >= this.#limitOfNetwork) return;
    const text = textOf(bytes, start, Math.min(end, start + TEXT_LIMIT_BYTES));
    this.#count++;
    if (known === undefined) this.#byNetwork.set(network, [{ number, text, address }]);
    else known.push({ number, text, address });
  }

  /** Those from the prefix, in the order of the log. */
  within(prefix: Prefix): Sample[] {
    const around = [...this.#byNetwork.covering(prefix), ...this.#byNetwork.coveredBy(prefix)];
    return [...new Set(around.flatMap(({ value }) => value))]
      .filter(({ address }) => contains(prefix, address))
      .toSorted((p, q) => p.number - q.number)
      .map(({ number, text }) => ({ number, text }));
  }
}
