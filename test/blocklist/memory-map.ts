import type { Entry, Origin } from '../../src/blocklist/entry.ts';
import type { EntryRepository, Verdict } from '../../src/blocklist/entry-repository.ts';
import type { PastActivation } from '../../src/blocklist/fold.ts';
import type { Login } from '../../src/blocklist/trust.ts';
import { type Address, compareAddresses } from '../../src/net/address.ts';
import { comparePrefixes, contains, containsPrefix, type Prefix } from '../../src/net/prefix.ts';
import { formatPrefix } from '../../src/net/prefix-text.ts';

/** A repository that forgets nothing, for tests. */
export class MemoryMap implements EntryRepository {
  entries: readonly Entry[];
  logins: readonly Login[];
  readonly verdicts: Verdict[] = [];
  readonly #activations: Map<string, readonly PastActivation[]>;
  readonly losses: { readonly address: Address; readonly at: number }[] = [];

  constructor(entries: readonly Entry[] = [], logins: readonly Login[] = []) {
    this.entries = entries;
    this.#activations = new Map(
      entries.map((entry) => [formatPrefix(entry.prefix), activationOf(entry, entry.origin)]),
    );
    this.logins = logins;
  }

  supernets(prefix: Prefix): readonly Entry[] {
    return this.entries.filter((entry) => containsPrefix(entry.prefix, prefix));
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.logins.filter(({ address }) => contains(prefix, address));
  }

  subnets(prefix: Prefix): readonly Entry[] {
    return this.entries.filter(
      (entry) => entry.prefix.length > prefix.length && contains(prefix, entry.prefix),
    );
  }

  /** Of the entries that were there from the start, the latest activation alone. */
  activations(prefix: Prefix): readonly PastActivation[] {
    return this.#activations.get(formatPrefix(prefix)) ?? [];
  }

  /** The judge must remember it by itself until it settles. */
  distrust(address: Address, at: number): void {
    this.losses.push({ address, at });
    this.logins = this.logins.map((login) =>
      compareAddresses(login.address, address) === 0
        ? { ...login, lost: Math.max(at, login.lost ?? at) }
        : login,
    );
  }

  commit(verdict: Verdict): void {
    this.verdicts.push(verdict);
    const { decision, folded = [] } = verdict;
    if (decision.kind === 'refused') return;
    for (const entry of folded) {
      const made = this.activations(entry.prefix).filter(
        ({ number }) => number <= entry.activations,
      );
      this.#activations.set(formatPrefix(entry.prefix), made);
      this.#replace(entry);
    }
    if (decision.kind === 'new' || decision.kind === 'reactivated') {
      const { prefix } = decision.entry;
      const made = activationOf(decision.entry, 'grok');
      this.#activations.set(formatPrefix(prefix), [...this.activations(prefix), ...made]);
    }
    this.#replace(decision.entry);
  }

  #replace(entry: Entry): void {
    const others = this.entries.filter((old) => comparePrefixes(old.prefix, entry.prefix) !== 0);
    this.entries = [...others, entry];
  }
}

function activationOf(entry: Entry, origin: Origin): PastActivation[] {
  const { activations: number, activatedAt: at, expiresAt: until, endedAt } = entry;
  return at === undefined ? [] : [{ number, at, until, endedAt, origin }];
}
