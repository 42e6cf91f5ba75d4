import type { Offence } from '../../blocklist/offence.ts';
import type { OffenceGroup } from '../../log/offences/offence-table.ts';
import { type Address, addressOf, type Family } from '../../net/address.ts';
import { hostPrefix, prefixAround } from '../../net/prefix.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import { PrefixMap } from '../../net/prefix-map.ts';

const LENGTH6 = 64;

/** Offences, and their different addresses: those of IPv4, and the /64s of IPv6. */
export class Offenders {
  readonly #four = new Set<number>();
  readonly #six = new Map<string, Address>();
  /** The last one: offences often repeat. */
  #last: Address | undefined;
  /** Those of one log that another one has too are counted once. */
  offences = 0;

  /** Adds the addresses of the offences that go through. */
  *watch(groups: Iterable<OffenceGroup>): Generator<OffenceGroup> {
    for (const { space, offences } of groups) yield { space, offences: this.#watched(offences) };
  }

  /** How many are within the prefixes. */
  countWithin(list: PrefixList): Readonly<Record<Family, number>> {
    const prefixes = new PrefixMap<true>();
    for (const prefix of list) prefixes.set(prefix, true);
    const isIn = (address: Address) => prefixes.longestMatch(hostPrefix(address)) !== undefined;
    const count = { 4: 0, 6: 0 };
    for (const a of this.#four) count[4] += Number(isIn(addressOf(4, a)));
    for (const network of this.#six.values()) count[6] += Number(isIn(network));
    return count;
  }

  *#watched(offences: Iterable<Offence>): Generator<Offence> {
    for (const offence of offences) {
      this.offences += offence.count;
      if (offence.address !== this.#last) this.#add(offence.address);
      yield offence;
    }
  }

  #add(address: Address): void {
    this.#last = address;
    if (address.family === 4) this.#four.add(address.a);
    else this.#six.set(`${address.a}:${address.b}`, prefixAround(address, LENGTH6));
  }
}
