import type { Address } from '../../src/net/address.ts';
import { comparePrefixes, hostPrefix, type Prefix } from '../../src/net/prefix.ts';
import { containsPrefixReference } from './networks.ts';

/** PrefixMap as one array that is searched from end to end. */
export class PrefixMapReference<V> {
  #matches: { readonly prefix: Prefix; readonly value: V }[] = [];

  get size(): number {
    return this.#matches.length;
  }

  get(prefix: Prefix): V | undefined {
    return this.#matches.find((match) => comparePrefixes(match.prefix, prefix) === 0)?.value;
  }

  set(prefix: Prefix, value: V): void {
    this.delete(prefix);
    this.#matches.push({ prefix, value });
    this.#matches.sort((p, q) => comparePrefixes(p.prefix, q.prefix));
  }

  delete(prefix: Prefix): boolean {
    const { size } = this;
    this.#matches = this.#matches.filter((match) => comparePrefixes(match.prefix, prefix) !== 0);
    return this.size < size;
  }

  longestMatch(address: Address) {
    return this.supernets(hostPrefix(address)).at(-1);
  }

  supernets(prefix: Prefix) {
    return this.#matches.filter((match) => containsPrefixReference(match.prefix, prefix));
  }

  subnets(prefix: Prefix) {
    return this.#matches.filter((match) => containsPrefixReference(prefix, match.prefix));
  }

  all() {
    return this.#matches;
  }
}
