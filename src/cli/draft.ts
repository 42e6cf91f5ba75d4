import type { Entry } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import type { Memory, Verdict } from '../blocklist/memory.ts';
import type { Login } from '../blocklist/protect.ts';
import { covers, type Prefix } from '../net/prefix.ts';
import type { PrefixMap } from '../net/prefix-map.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Store } from '../store/store.ts';

/** What becomes of one entry. */
interface Change {
  entry: Entry;
  /** The activations that are new or last longer, as the entry was in each. */
  readonly activations: Map<number, Entry>;
  readonly evidence: Map<number, Evidence[]>;
}

/** What the store has around a prefix. */
export interface Surroundings {
  covering(prefix: Prefix): readonly Entry[];
}

/**
 * What the offences of one place change, over the store as it is: each entry is written once at the
 * end, however often it was hit, or never in a dry run. Between reading and writing no other
 * process may write, so that both belong into one transaction.
 */
export class Draft implements Memory {
  readonly #store: Store;
  readonly #around: Surroundings;
  readonly #logins: PrefixMap<Login>;
  readonly #onVerdict: (verdict: Verdict) => void;
  readonly #changes = new Map<string, Change>();

  /** The logins are those of the log, by address. */
  constructor(
    store: Store,
    around: Surroundings,
    logins: PrefixMap<Login>,
    onVerdict: (verdict: Verdict) => void,
  ) {
    this.#store = store;
    this.#around = around;
    this.#logins = logins;
    this.#onVerdict = onVerdict;
  }

  covering(prefix: Prefix): readonly Entry[] {
    const around = this.#around.covering(prefix);
    if (this.#changes.size === 0) return around;
    const stored = around.filter((entry) => !this.#changes.has(formatPrefix(entry.prefix)));
    const changed = Array.from(this.#changes.values(), ({ entry }) => entry);
    return [...stored, ...changed.filter((entry) => covers(entry.prefix, prefix))];
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    const drafted = this.#logins.coveredBy(prefix).map(({ value }) => value);
    return [...this.#store.loginsWithin(prefix, 0), ...drafted];
  }

  carryOut(verdict: Verdict): void {
    const { decision, evidence } = verdict;
    if (decision.kind !== 'refused') {
      const { kind, entry } = decision;
      const change = this.#changeOf(entry);
      const number = entry.activations;
      const extended = kind === 'covered' && decision.extended;
      if (extended || kind === 'new' || kind === 'reactivated') {
        change.activations.set(number, entry);
      }
      const known = change.evidence.get(number);
      if (known) known.push(...evidence);
      else if (evidence.length > 0) change.evidence.set(number, [...evidence]);
    }
    this.#onVerdict(verdict);
  }

  /** Stores all of it. */
  write(): void {
    for (const { entry, activations, evidence } of this.#changes.values()) {
      this.#store.put(entry);
      for (const activated of activations.values()) {
        this.#store.recordActivation(activated, { origin: 'grok', note: '' });
      }
      for (const [number, rows] of evidence) {
        this.#store.addEvidence(entry.prefix, number, rows);
      }
    }
  }

  #changeOf(entry: Entry): Change {
    const key = formatPrefix(entry.prefix);
    const known = this.#changes.get(key);
    if (known) {
      known.entry = entry;
      return known;
    }
    const change = { entry, activations: new Map(), evidence: new Map() };
    this.#changes.set(key, change);
    return change;
  }
}
