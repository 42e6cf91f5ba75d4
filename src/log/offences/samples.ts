import type { Address } from '../../net/address.ts';
import {
  comparePrefixes,
  contains,
  overlaps,
  type Prefix,
  prefixAround,
} from '../../net/prefix.ts';
import { textOf } from '../bytes.ts';
import type { Line } from '../line.ts';
import type { AddressTable } from './address-table.ts';

/** A line that counts. */
export interface Sample {
  /** The number of the line, from 1. */
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

/** Samples are kept by networks of these lengths. */
const LENGTHS = { 4: 24, 6: 64 } as const;
const LIMIT = 200_000;
const TEXT_LIMIT_BYTES = 512;

export type SampledLine = Pick<Line, 'number' | 'bytes' | 'start' | 'end'>;

/** The first lines that count, a few for each network, to be shown by `--dry-run`. */
export class Samples {
  /** By the leading bits: part of one word for IPv4, two words for IPv6. */
  readonly #networks4 = new Map<number, NetworkSamples>();
  readonly #networks6 = new Map<number, Map<number, NetworkSamples>>();
  /** By id of the address: 1 if its network has enough. */
  #full = new Uint8Array(1024);
  readonly #limitOfNetwork: number;
  #count = 0;
  /** All networks, sorted; undefined after one was added. */
  #sorted: readonly NetworkSamples[] | undefined;

  constructor(limitOfNetwork: number) {
    this.#limitOfNetwork = limitOfNetwork;
  }

  /** Adds a line that counts against the address with this id. */
  add({ number, bytes, start, end }: SampledLine, id: number, addresses: AddressTable): void {
    if (this.#full[id] === 1) return;
    const address = addresses.address(id);
    let known = this.#of(address);
    if (this.#count >= LIMIT || (known?.samples.length ?? 0) >= this.#limitOfNetwork) {
      this.#setFull(id);
      return;
    }
    known ??= this.#addNetwork(address);
    this.#count++;
    const text = textOf(bytes, start, Math.min(end, start + TEXT_LIMIT_BYTES));
    known.samples.push({ number, text, address });
  }

  /** Discards all lines. */
  clear(): void {
    this.#networks4.clear();
    this.#networks6.clear();
    this.#full.fill(0);
    this.#count = 0;
    this.#sorted = undefined;
  }

  /** The samples of a prefix, in the order of the log. */
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

  #setFull(id: number): void {
    if (id >= this.#full.length) {
      const grown = new Uint8Array(id * 2);
      grown.set(this.#full);
      this.#full = grown;
    }
    this.#full[id] = 1;
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
