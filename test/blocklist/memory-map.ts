import type { Entry } from '../../src/blocklist/entry.ts';
import type { Memory, Verdict } from '../../src/blocklist/memory.ts';
import type { Login } from '../../src/blocklist/protect.ts';
import { comparePrefixes, contains, covers, type Prefix } from '../../src/net/prefix.ts';

/** A memory that forgets nothing, for tests. */
export class MemoryMap implements Memory {
  entries: readonly Entry[];
  logins: readonly Login[];
  readonly verdicts: Verdict[] = [];

  constructor(entries: readonly Entry[] = [], logins: readonly Login[] = []) {
    this.entries = entries;
    this.logins = logins;
  }

  covering(prefix: Prefix): readonly Entry[] {
    return this.entries.filter((entry) => covers(entry.prefix, prefix));
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.logins.filter(({ address }) => contains(prefix, address));
  }

  carryOut(verdict: Verdict): void {
    this.verdicts.push(verdict);
    if (verdict.decision.kind === 'refused') return;
    const { entry } = verdict.decision;
    const others = this.entries.filter((old) => comparePrefixes(old.prefix, entry.prefix) !== 0);
    this.entries = [...others, entry];
  }
}
