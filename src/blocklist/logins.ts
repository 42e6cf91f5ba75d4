import { type Address, compareAddresses } from '../net/address.ts';
import { contains, type Prefix } from '../net/prefix.ts';
import type { Login } from './trust.ts';

const NONE: readonly Login[] = [];

/** Logins by address, for thousands of lookups. */
export class Logins {
  /** In the order of compareAddresses. */
  readonly #sorted: readonly Login[];

  constructor(logins: Iterable<Login>) {
    this.#sorted = [...logins].toSorted((p, q) => compareAddresses(p.address, q.address));
  }

  /** The logins from addresses in the prefix, by address. */
  within(prefix: Prefix): readonly Login[] {
    const start = this.#indexOf(prefix);
    let end = start;
    for (let login = this.#sorted[end]; login !== undefined; login = this.#sorted[++end]) {
      if (!contains(prefix, login.address)) break;
    }
    return end === start ? NONE : this.#sorted.slice(start, end);
  }

  /** The number of logins before the address. */
  #indexOf(address: Address): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const login = this.#sorted[middle];
      if (login !== undefined && compareAddresses(login.address, address) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
