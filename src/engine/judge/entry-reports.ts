import type { Expiry } from '../../blocklist/entry.ts';
import { proxyOf } from '../../blocklist/evidence.ts';
import type { MessageCount } from '../../blocklist/message-counts.ts';
import { NumberColumn } from '../../log/offences/number-column.ts';

import { comparePrefixes, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type EntryOutcome, OUTCOMES, type PendingChange } from './pending-changes.ts';

/** How one log changed one entry. */
export interface EntryReport {
  readonly prefix: Prefix;
  readonly outcome: EntryOutcome;
  readonly activations: number;
  readonly expiresAt: Expiry;
  /** Offences in this log. */
  readonly hits: number;
  /** Most frequent first. */
  readonly messages: readonly MessageCount[];
  /** The trusted proxy through which all of them came; empty if there is none. */
  readonly proxy: string;
}

const FOREVER = Number.POSITIVE_INFINITY;

/**
 * How one log changed all the entries it touched, about fifty bytes each. Entries are added network
 * by network, in order.
 */
export class EntryReports {
  readonly #prefixes = new PrefixList();
  readonly #outcomes = new NumberColumn(Uint8Array);
  readonly #activations = new NumberColumn(Uint32Array);
  readonly #expiries = new NumberColumn(Float64Array);
  readonly #hits = new NumberColumn(Float64Array);
  /** Where the messages of each entry end; they begin where those of the entry before it end. */
  readonly #ends = new NumberColumn(Uint32Array);
  readonly #messages = new NumberColumn(Uint16Array);
  readonly #counts = new NumberColumn(Uint32Array);
  readonly #names: Omit<MessageCount, 'count'>[] = [];
  /** The proxy of each entry in `#proxyNames`. */
  readonly #proxies = new NumberColumn(Uint16Array);
  readonly #proxyNames = [''];
  readonly #countByOutcome = OUTCOMES.map(() => 0);

  /** Adds the changes to the entries of one network. */
  add(changes: readonly PendingChange[]): void {
    const sorted = changes.length > 1 ? changes.toSorted(byPrefix) : changes;
    for (const { entry, outcome, hits, evidence } of sorted) {
      const rank = OUTCOMES.indexOf(outcome);
      this.#prefixes.push(entry.prefix);
      this.#outcomes.push(rank);
      this.#activations.push(entry.activations);
      this.#expiries.push(entry.expiresAt === 'forever' ? FOREVER : entry.expiresAt);
      this.#hits.push(hits);
      this.#addMessages(evidence);
      this.#proxies.push(this.#proxyId(proxyOf(evidence.flatMap(({ rows }) => rows))));
      this.#countByOutcome[rank] = this.count(outcome) + 1;
    }
  }

  get size(): number {
    return this.#outcomes.length;
  }

  /** How many entries had this outcome. */
  count(outcome: EntryOutcome): number {
    return this.#countByOutcome[OUTCOMES.indexOf(outcome)] ?? 0;
  }

  /** In the order of OUTCOMES, then by prefix. */
  *[Symbol.iterator](): Generator<EntryReport> {
    for (let rank = 0; rank < OUTCOMES.length; rank++) {
      for (let index = 0; index < this.#outcomes.length; index++) {
        if (this.#outcomes.at(index) === rank) yield this.#report(index);
      }
    }
  }

  /** The messages of the entry with this index, most frequent first. */
  messagesOf(index: number): readonly MessageCount[] {
    const messages: MessageCount[] = [];
    const end = this.#ends.at(index);
    for (let at = index === 0 ? 0 : this.#ends.at(index - 1); at < end; at++) {
      const name = this.#names[this.#messages.at(at)];
      if (name === undefined) continue;
      // A spread would make objects that survive many garbage collections.
      const { service, message } = name;
      messages.push({ service, message, count: this.#counts.at(at) });
    }
    return messages;
  }

  #report(index: number): EntryReport {
    const outcome = OUTCOMES[this.#outcomes.at(index)] ?? 'evidence';
    const expiry = this.#expiries.at(index);
    const expiresAt = expiry === FOREVER ? 'forever' : expiry;
    const [activations, hits] = [this.#activations.at(index), this.#hits.at(index)];
    const proxy = this.#proxyNames[this.#proxies.at(index)] ?? '';
    const prefix = this.#prefixes.at(index);
    return new Row(this, index, prefix, outcome, activations, expiresAt, hits, proxy);
  }

  #addMessages(evidence: PendingChange['evidence']): void {
    const sums: Sum[] = [];
    for (const { rows } of evidence) {
      for (const { service, message, count } of rows) {
        sumOf(sums, service, message).count += count;
      }
    }
    if (sums.length > 1) sums.sort(byCount);
    for (const { service, message, count } of sums) {
      this.#messages.push(this.#nameId(service, message));
      this.#counts.push(count);
    }
    this.#ends.push(this.#messages.length);
  }

  /** There are only as many as the configuration names. */
  #proxyId(proxy: string): number {
    const known = this.#proxyNames.indexOf(proxy);
    return known >= 0 ? known : this.#proxyNames.push(proxy) - 1;
  }

  #nameId(service: string, message: string): number {
    const known = this.#names.findIndex(
      (name) => name.message === message && name.service === service,
    );
    return known >= 0 ? known : this.#names.push({ service, message }) - 1;
  }
}

function byPrefix(p: PendingChange, q: PendingChange): number {
  return comparePrefixes(p.entry.prefix, q.entry.prefix);
}

interface Sum extends MessageCount {
  count: number;
}

/** The sum for this message; added if there is none. */
function sumOf(sums: Sum[], service: string, message: string): Sum {
  for (const sum of sums) {
    if (sum.message === message && sum.service === service) return sum;
  }
  const sum = { service, message, count: 0 };
  sums.push(sum);
  return sum;
}

function byCount(p: MessageCount, q: MessageCount): number {
  return q.count - p.count;
}

/** One entry. The messages are built on demand: measuring columns does not need them. */
class Row implements EntryReport {
  readonly prefix: Prefix;
  readonly outcome: EntryOutcome;
  readonly activations: number;
  readonly expiresAt: Expiry;
  readonly hits: number;
  readonly proxy: string;
  readonly #reports: EntryReports;
  readonly #index: number;

  constructor(
    reports: EntryReports,
    index: number,
    prefix: Prefix,
    outcome: EntryOutcome,
    activations: number,
    expiresAt: Expiry,
    hits: number,
    proxy: string,
  ) {
    this.#reports = reports;
    this.#index = index;
    this.prefix = prefix;
    this.outcome = outcome;
    this.activations = activations;
    this.expiresAt = expiresAt;
    this.hits = hits;
    this.proxy = proxy;
  }

  get messages(): readonly MessageCount[] {
    return this.#reports.messagesOf(this.#index);
  }
}
