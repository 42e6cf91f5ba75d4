import type { Entry, Origin, Seconds } from '../../blocklist/entry.ts';
import type { EntryRepository, Verdict } from '../../blocklist/entry-repository.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import type { PastActivation } from '../../blocklist/fold.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { Address } from '../../net/address.ts';
import { comparePrefixes, containsPrefix, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';

/**
 * What can happen to an entry, most important first. Folded: its activations by the same offences
 * became one of a wider entry.
 */
export const OUTCOMES = [
  'new',
  'reactivated',
  'extended',
  'folded',
  'covered',
  'evidence',
] as const;
export type EntryOutcome = (typeof OUTCOMES)[number];

/** How one entry changes. */
export interface PendingChange {
  entry: Entry;
  outcome: EntryOutcome;
  /** Offences that hit the entry. */
  hits: number;
  /** The entry as of each activation that is new or extended. */
  activations: Entry[];
  evidence: { readonly activation: number; rows: readonly Evidence[] }[];
  /** The prefix into whose activation those of the entry are folded. */
  foldedInto: Prefix | undefined;
}

/** The state that changes start from. */
export type EntrySnapshot = Omit<EntryRepository, 'commit' | 'distrust'>;

/**
 * The changes that the offences of one network cause. Each entry is written once at the end, however
 * often it was hit; in a dry run it is never written. Reading and writing belong in one transaction,
 * because no other process may write in between.
 */
export class PendingChanges implements EntryRepository {
  readonly #snapshot: EntrySnapshot;
  readonly #source: EvidenceSource;
  /** One network has only a few. */
  #changes: PendingChange[] = [];
  #losses: { readonly address: Address; readonly at: Seconds }[] = [];

  constructor(snapshot: EntrySnapshot, source: EvidenceSource) {
    this.#snapshot = snapshot;
    this.#source = source;
  }

  supernets(prefix: Prefix): readonly Entry[] {
    const stored = this.#snapshot.supernets(prefix);
    return this.#changes.length === 0 ? stored : this.#withChanges(stored, prefix);
  }

  subnets(prefix: Prefix): readonly Entry[] {
    const stored = this.#snapshot.subnets(prefix);
    if (this.#changes.length === 0) return stored;
    const unchanged = stored.filter((entry) => this.#find(entry.prefix) === undefined);
    const changed = this.#changes.map(({ entry }) => entry);
    const within = changed.filter((entry) => isWithin(entry.prefix, prefix));
    return [...unchanged, ...within];
  }

  activations(prefix: Prefix): readonly PastActivation[] {
    const stored = this.#snapshot.activations(prefix);
    const change = this.#find(prefix);
    if (change === undefined) return stored;
    const made = change.activations.map((entry) => pastActivation(entry, this.#origin));
    const kept = change.foldedInto === undefined ? Infinity : change.entry.activations;
    const others = stored.filter(
      ({ number }) => number <= kept && made.every((one) => one.number !== number),
    );
    return [...others, ...made];
  }

  loginsWithin(prefix: Prefix): readonly Login[] {
    return this.#snapshot.loginsWithin(prefix);
  }

  commit({ decision, evidence, request, folded = [] }: Verdict): void {
    if (decision.kind === 'refused') return;
    const { kind, entry } = decision;
    for (const one of folded) this.#fold(one, entry.prefix);
    const outcome = kind === 'covered' && decision.extended ? 'extended' : kind;
    const change = this.#changeOf(entry, outcome);
    change.entry = entry;
    change.outcome = moreImportant(change.outcome, outcome);
    change.hits += request.hits;
    if (outcome !== 'covered' && outcome !== 'evidence') {
      if (change.activations.at(-1)?.activations === entry.activations) change.activations.pop();
      change.activations.push(entry);
    }
    if (evidence.length > 0) addEvidence(change, evidence);
  }

  distrust(address: Address, at: Seconds): void {
    this.#losses.push({ address, at });
  }

  /** Addresses lost their trust. */
  get hasLosses(): boolean {
    return this.#losses.length > 0;
  }

  changes(): readonly PendingChange[] {
    return this.#changes;
  }

  /** Drops the changes that would make an entry active, or for longer, unless they are admitted. */
  keepAdmitted(admits: (entry: Entry) => boolean): void {
    if (this.#changes.every(({ activations }) => activations.length === 0)) return;
    const all = this.#changes;
    this.#changes = all.filter(
      ({ entry, activations }) => activations.length === 0 || admits(entry),
    );
    if (this.#changes.length === all.length) return;
    // An entry is not folded into one that does not become active.
    this.#changes = this.#changes.filter(
      ({ foldedInto }) => foldedInto === undefined || this.#find(foldedInto) !== undefined,
    );
  }

  /** Starts over, for the next network. */
  clear(): void {
    if (this.#changes.length > 0) this.#changes = [];
    if (this.#losses.length > 0) this.#losses = [];
  }

  /** Stores all changes. */
  write(store: Store): void {
    const cause = { origin: this.#origin, note: '' } as const;
    for (const { entry, activations, evidence, foldedInto } of this.#changes) {
      const takesBack = foldedInto !== undefined;
      store.record({ entry, activations, cause, evidence, takesBack });
    }
    this.writeLosses(store);
  }

  /** Stores which addresses lost their trust. */
  writeLosses(store: Store): void {
    for (const { address, at } of this.#losses) store.logins.distrust(address, at);
  }

  get #origin(): 'pf' | 'grok' {
    return this.#source === 'pf' ? 'pf' : 'grok';
  }

  /** @param entry as it was before the activations that are folded */
  #fold(entry: Entry, into: Prefix): void {
    const change = this.#changeOf(entry, 'folded');
    change.entry = entry;
    change.foldedInto = into;
    change.outcome = 'folded';
    change.activations = change.activations.filter((one) => one.activations <= entry.activations);
    change.evidence = change.evidence.filter((one) => one.activation <= entry.activations);
  }

  #withChanges(stored: readonly Entry[], prefix: Prefix): readonly Entry[] {
    const unchanged = stored.filter((entry) => this.#find(entry.prefix) === undefined);
    const changed = this.#changes.map(({ entry }) => entry);
    return [...unchanged, ...changed.filter((entry) => containsPrefix(entry.prefix, prefix))];
  }

  #changeOf(entry: Entry, outcome: EntryOutcome): PendingChange {
    const known = this.#find(entry.prefix);
    if (known) return known;
    const nothing = { hits: 0, activations: [], evidence: [], foldedInto: undefined };
    const change = { entry, outcome, ...nothing };
    this.#changes.push(change);
    return change;
  }

  #find(prefix: Prefix): PendingChange | undefined {
    return this.#changes.find(({ entry }) => comparePrefixes(entry.prefix, prefix) === 0);
  }
}

/** Whether it is a subnet, and not the prefix itself. */
function isWithin(subnet: Prefix, prefix: Prefix): boolean {
  return subnet.length > prefix.length && containsPrefix(prefix, subnet);
}

/** Activations come in order, so that only the last one can gain evidence. */
function addEvidence({ entry, evidence }: PendingChange, rows: readonly Evidence[]): void {
  const last = evidence.at(-1);
  if (last?.activation === entry.activations) last.rows = last.rows.concat(rows);
  else evidence.push({ activation: entry.activations, rows });
}

function pastActivation(entry: Entry, origin: Origin): PastActivation {
  const { activations: number, activatedAt: at = 0, expiresAt: until, rule } = entry;
  return { number, at, until, endedAt: undefined, origin, rule };
}

function moreImportant(p: EntryOutcome, q: EntryOutcome): EntryOutcome {
  return OUTCOMES.indexOf(p) <= OUTCOMES.indexOf(q) ? p : q;
}
