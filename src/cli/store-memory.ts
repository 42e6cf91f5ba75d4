import type { Entry } from '../blocklist/entry.ts';
import type { Memory, Verdict } from '../blocklist/memory.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';
import { carryOut } from './carry-out.ts';

/** The store as the judge sees it: to be used inside one transaction. */
export class StoreMemory implements Memory {
  readonly #store: Store;
  readonly #onVerdict: (verdict: Verdict) => void;

  constructor(store: Store, onVerdict: (verdict: Verdict) => void) {
    this.#store = store;
    this.#onVerdict = onVerdict;
  }

  covering(prefix: Prefix): readonly Entry[] {
    return this.#store.covering(prefix);
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.#store.loginsWithin(prefix, 0);
  }

  carryOut(verdict: Verdict): void {
    carryOut(this.#store, verdict.request, verdict.decision, verdict.evidence);
    this.#onVerdict(verdict);
  }
}
