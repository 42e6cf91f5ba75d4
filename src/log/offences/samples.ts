import type { Address } from '../../net/address.ts';
import {
  comparePrefixes,
  contains,
  overlaps,
  type Prefix,
  prefixAround,
} from '../../net/prefix.ts';
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

/** The samples of one network, in the order of the log. */
interface NetworkSamples {
  readonly network: Prefix;
  readonly samples: AddressedSample[];
}

/** Samples are kept by networks of these lengths, so many in all. */
const LENGTHS = { 4: 24, 6: 64 } as const;
const LIMIT = 200_000;
const TEXT_LIMIT_BYTES = 512;
const FULL_PLACES = 2 ** 16;

/** The first lines that count, of each network so many: what a rehearsal shows. */
export class Samples {
  /** By what networks of their length have in front: one word for IPv4, two for IPv6. */
  readonly #networks4 = new Map<number, NetworkSamples>();
  readonly #networks6 = new Map<number, Map<number, NetworkSamples>>();
  /** The IPv4 networks of which nothing more is wanted, as far as none took the place of another. */
  readonly #full4 = new Uint32Array(FULL_PLACES);
  readonly #limitOfNetwork: number;
  #count = 0;
  /** All networks in order, once they are asked for; until there is one more. */
  #sorted: readonly NetworkSamples[] | undefined;

  constructor(limitOfNetwork: number) {
    this.#limitOfNetwork = limitOfNetwork;
  }

  add({ number, bytes, start, end }: Line, address: Address): void {
    const { family, a } = address;
    const place = placeOf(a);
    if (family === 4 && this.#full4[place] === fullMark(a)) return;
    let known = this.#of(address);
    if (this.#count >= LIMIT || (known?.samples.length ?? 0) >= this.#limitOfNetwork) {
      if (family === 4) this.#full4[place] = fullMark(a);
      return;
    }
    known ??= this.#addNetwork(address);
    this.#count++;
    const text = textOf(bytes, start, Math.min(end, start + TEXT_LIMIT_BYTES));
    known.samples.push({ number, text, address });
  }

  /** Those from the prefix, in the order of the log. */
  within(prefix: Prefix): readonly Sample[] {
    const { family, length } = prefix;
    if (length > LENGTHS[family]) {
      const samples = this.#of(prefix)?.samples ?? [];
      return samples.filter(({ address }) => contains(prefix, address));
    }
    if (length === LENGTHS[family]) return this.#of(prefix)?.samples ?? [];
    return this.#networksIn(prefix)
      .flatMap(({ samples }) => samples)
      .toSorted((p, q) => p.number - q.number);
  }

  #of({ family, a, b }: Address): NetworkSamples | undefined {
    return family === 4 ? this.#networks4.get(a >>> 8) : this.#networks6.get(a)?.get(b);
  }

  #addNetwork(address: Address): NetworkSamples {
    const { family, a, b } = address;
    const added = { network: prefixAround(address, LENGTHS[family]), samples: [] };
    if (family === 4) this.#networks4.set(a >>> 8, added);
    else {
      const byNext = this.#networks6.get(a) ?? new Map<number, NetworkSamples>();
      this.#networks6.set(a, byNext.set(b, added));
    }
    this.#sorted = undefined;
    return added;
  }

  /** The networks in a wider prefix. */
  #networksIn(prefix: Prefix): readonly NetworkSamples[] {
    this.#sorted ??= this.#sort();
    const sorted = this.#sorted;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const one = sorted[middle];
      if (one !== undefined && comparePrefixes(one.network, prefix) < 0) low = middle + 1;
      else high = middle;
    }
    let end = low;
    for (let one = sorted[end]; one && overlaps(prefix, one.network); one = sorted[++end]);
    return sorted.slice(low, end);
  }

  #sort(): readonly NetworkSamples[] {
    const networks6 = [...this.#networks6.values()].flatMap((byNext) => [...byNext.values()]);
    return [...this.#networks4.values(), ...networks6].toSorted((p, q) =>
      comparePrefixes(p.network, q.network),
    );
  }
}

/** Where the network of an IPv4 address has its place among those that are full. */
function placeOf(address: number): number {
  return Math.imul(address >>> 8, 0x9e3779b1) >>> 16;
}

/** What stands there if it is full; never 0. */
function fullMark(address: number): number {
  return (address >>> 8) + 1;
}
