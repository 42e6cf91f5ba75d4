import type { Entry } from '../../src/blocklist/entry.ts';
import type { EntryRepository, Verdict } from '../../src/blocklist/entry-repository.ts';
import type { Login } from '../../src/blocklist/protect.ts';
import { comparePrefixes, contains, containsPrefix, type Prefix } from '../../src/net/prefix.ts';

/** A repository that forgets nothing, for tests. */
export class MemoryMap implements EntryRepository {
  entries: readonly Entry[];
  logins: readonly Login[];
  readonly verdicts: Verdict[] = [];

  constructor(entries: readonly Entry[] = [], logins: readonly Login[] = []) {
    this.entries = entries;
    this.logins = logins;
  }

  supernets(prefix: Prefix): readonly Entry[] {
    return this.entries.filter((entry) => containsPrefix(entry.prefix, prefix));
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.logins.filter(({ address }) => contains(prefix, address));
  }

  commit(verdict: Verdict): void {
    this.verdicts.push(verdict);
    if (verdict.decision.kind === 'refused') return;
    const { entry } = verdict.decision;
    const others = this.entries.filter((old) => comparePrefixes(old.prefix, entry.prefix) !== 0);
    this.entries = [...others, entry];
  }
}
