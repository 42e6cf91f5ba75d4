import type { Entry } from '../../blocklist/entry.ts';
import type { EntryRepository, Verdict } from '../../blocklist/entry-repository.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import type { Login } from '../../blocklist/protect.ts';
import { comparePrefixes, containsPrefix, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';

/** What happened to an entry, the most telling first. */
export const OUTCOMES = ['new', 'reactivated', 'extended', 'covered', 'evidence'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What becomes of one entry. */
export interface Change {
  entry: Entry;
  outcome: Outcome;
  /** Offences that hit it. */
  hits: number;
  /** The activations that are new or last longer, as the entry was in each. */
  readonly activations: Entry[];
  readonly evidence: { readonly activation: number; rows: readonly Evidence[] }[];
}

/** What was before. */
export type EntrySnapshot = Pick<EntryRepository, 'supernets' | 'loginsWithin'>;

/**
 * What the offences of one place change: each entry is written once at the end, however often it
 * was hit, or never in a dry run. Between reading and writing no other process may write, so that
 * both belong into one transaction.
 */
export class PendingChanges implements EntryRepository {
  readonly #past: EntrySnapshot;
  readonly #witness: EvidenceSource;
  /** Few, as they are those of one place. */
  #changes: Change[] = [];

  constructor(past: EntrySnapshot, witness: EvidenceSource) {
    this.#past = past;
    this.#witness = witness;
  }

  supernets(prefix: Prefix): readonly Entry[] {
    const past = this.#past.supernets(prefix);
    return this.#changes.length === 0 ? past : this.#withChanges(past, prefix);
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.#past.loginsWithin(prefix);
  }

  commit({ decision, evidence, request }: Verdict): void {
    if (decision.kind === 'refused') return;
    const { kind, entry } = decision;
    const outcome = kind === 'covered' && decision.extended ? 'extended' : kind;
    const change = this.#changeOf(entry, outcome);
    change.entry = entry;
    change.outcome = tellingMore(change.outcome, outcome);
    change.hits += request.hits;
    if (outcome !== 'covered' && outcome !== 'evidence') {
      if (change.activations.at(-1)?.activations === entry.activations) change.activations.pop();
      change.activations.push(entry);
    }
    if (evidence.length > 0) addEvidence(change, evidence);
  }

  changes(): readonly Change[] {
    return this.#changes;
  }

  /** Begins anew, with the next place. */
  clear(): void {
    if (this.#changes.length > 0) this.#changes = [];
  }

  /** Stores all of it. */
  write(store: Store): void {
    const origin = this.#witness === 'pf' ? 'pf' : 'grok';
    for (const { entry, activations, evidence } of this.#changes) {
      store.record({ entry, activations, cause: { origin, note: '' }, evidence });
    }
  }

  #withChanges(past: readonly Entry[], prefix: Prefix): readonly Entry[] {
    const unchanged = past.filter((entry) => this.#find(entry.prefix) === undefined);
    const changed = this.#changes.map(({ entry }) => entry);
    return [...unchanged, ...changed.filter((entry) => containsPrefix(entry.prefix, prefix))];
  }

  #changeOf(entry: Entry, outcome: Outcome): Change {
    const known = this.#find(entry.prefix);
    if (known) return known;
    const change = { entry, outcome, hits: 0, activations: [], evidence: [] };
    this.#changes.push(change);
    return change;
  }

  #find(prefix: Prefix): Change | undefined {
    return this.#changes.find(({ entry }) => comparePrefixes(entry.prefix, prefix) === 0);
  }
}

/** Activations come one after the other. */
function addEvidence({ entry, evidence }: Change, rows: readonly Evidence[]): void {
  const last = evidence.at(-1);
  if (last?.activation === entry.activations) last.rows = last.rows.concat(rows);
  else evidence.push({ activation: entry.activations, rows });
}

function tellingMore(p: Outcome, q: Outcome): Outcome {
  return OUTCOMES.indexOf(p) <= OUTCOMES.indexOf(q) ? p : q;
}
