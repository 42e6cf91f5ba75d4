import type { Entry } from '../blocklist/entry.ts';
import type { Memory, Verdict } from '../blocklist/memory.ts';
import type { Login } from '../blocklist/protect.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Store } from '../store/store.ts';

/** What `--dry-run` sees: the store, and over it what would have been stored. Writes nothing. */
export class RehearsalMemory implements Memory {
  readonly #store: Store;
  readonly #onVerdict: (verdict: Verdict) => void;
  readonly #changed = new PrefixMap<Entry>();
  readonly #logins = new PrefixMap<Login>();

  constructor(store: Store, onVerdict: (verdict: Verdict) => void) {
    this.#store = store;
    this.#onVerdict = onVerdict;
  }

  recordLogins(logins: Iterable<Login>): void {
    for (const login of logins) this.#logins.set(hostPrefix(login.address), login);
  }

  covering(prefix: Prefix): readonly Entry[] {
    const stored = this.#store.covering(prefix).filter((entry) => !this.#changed.has(entry.prefix));
    return [...stored, ...Array.from(this.#changed.covering(prefix), ({ value }) => value)];
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    const rehearsed = Array.from(this.#logins.coveredBy(prefix), ({ value }) => value);
    return [...this.#store.loginsWithin(prefix, 0), ...rehearsed];
  }

  carryOut(verdict: Verdict): void {
    const { decision } = verdict;
    if (decision.kind !== 'refused') this.#changed.set(decision.entry.prefix, decision.entry);
    this.#onVerdict(verdict);
  }
}
