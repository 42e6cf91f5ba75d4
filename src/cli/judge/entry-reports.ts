import type { Expiry } from '../../blocklist/entry.ts';
import { Column } from '../../log/offences/column.ts';
import type { MessageCount } from '../../log/offences/offences.ts';
import { comparePrefixes, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type Change, OUTCOMES, type Outcome } from './draft.ts';

/** What one log did to one entry. */
export interface EntryReport {
  readonly prefix: Prefix;
  readonly outcome: Outcome;
  readonly activations: number;
  readonly expiresAt: Expiry;
  /** Offences of this log. */
  readonly hits: number;
  /** The most frequent first. */
  readonly messages: readonly MessageCount[];
}

const FOREVER = Number.POSITIVE_INFINITY;

/**
 * What one log did to all the entries that it touched, some fifty bytes for each. Places come in
 * order, so that the entries do.
 */
export class EntryReports {
  readonly #prefixes = new PrefixList();
  readonly #outcomes = new Column(Uint8Array);
  readonly #activations = new Column(Uint32Array);
  readonly #expiries = new Column(Float64Array);
  readonly #hits = new Column(Float64Array);
  /** Where the messages of an entry end; they begin where those before it end. */
  readonly #ends = new Column(Uint32Array);
  readonly #messages = new Column(Uint16Array);
  readonly #counts = new Column(Uint32Array);
  readonly #names: Omit<MessageCount, 'count'>[] = [];
  readonly #countByOutcome = OUTCOMES.map(() => 0);

  /** What became of the entries of one place. */
  add(changes: Iterable<Change>): void {
    const sorted = [...changes].toSorted((p, q) => comparePrefixes(p.entry.prefix, q.entry.prefix));
    for (const { entry, outcome, hits, evidence } of sorted) {
      const rank = OUTCOMES.indexOf(outcome);
      this.#prefixes.push(entry.prefix);
      this.#outcomes.push(rank);
      this.#activations.push(entry.activations);
      this.#expiries.push(entry.expiresAt === 'forever' ? FOREVER : entry.expiresAt);
      this.#hits.push(hits);
      this.#addMessages(evidence);
      this.#countByOutcome[rank] = this.count(outcome) + 1;
    }
  }

  get size(): number {
    return this.#outcomes.length;
  }

  /** How many entries had this outcome. */
  count(outcome: Outcome): number {
    return this.#countByOutcome[OUTCOMES.indexOf(outcome)] ?? 0;
  }

  /** By what happened, the most telling first, then by prefix. */
  *[Symbol.iterator](): Generator<EntryReport> {
    for (const [rank, outcome] of OUTCOMES.entries()) {
      for (let index = 0; index < this.#outcomes.length; index++) {
        if (this.#outcomes.at(index) === rank) yield this.#report(index, outcome);
      }
    }
  }

  #report(index: number, outcome: Outcome): EntryReport {
    const expiry = this.#expiries.at(index);
    const messages: MessageCount[] = [];
    for (let i = index === 0 ? 0 : this.#ends.at(index - 1); i < this.#ends.at(index); i++) {
      const name = this.#names[this.#messages.at(i)];
      if (name === undefined) continue;
      // Not by spreading: what comes of that outlives many a collection of garbage.
      const { service, message } = name;
      messages.push({ service, message, count: this.#counts.at(i) });
    }
    return {
      prefix: this.#prefixes.at(index),
      outcome,
      activations: this.#activations.at(index),
      expiresAt: expiry === FOREVER ? 'forever' : expiry,
      hits: this.#hits.at(index),
      messages: messages.toSorted((p, q) => q.count - p.count),
    };
  }

  #addMessages(evidence: Change['evidence']): void {
    const counts: { readonly id: number; count: number }[] = [];
    for (const { rows } of evidence) {
      for (const { service, message, count } of rows) {
        const id = this.#nameId(service, message);
        const known = counts.find((one) => one.id === id);
        if (known) known.count += count;
        else counts.push({ id, count });
      }
    }
    for (const { id, count } of counts) {
      this.#messages.push(id);
      this.#counts.push(count);
    }
    this.#ends.push(this.#messages.length);
  }

  #nameId(service: string, message: string): number {
    const known = this.#names.findIndex(
      (name) => name.message === message && name.service === service,
    );
    return known >= 0 ? known : this.#names.push({ service, message }) - 1;
  }
}
