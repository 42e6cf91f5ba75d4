import type { Entry } from '../blocklist/entry.ts';
import type { Spared } from '../blocklist/judge.ts';
import type { Verdict } from '../blocklist/memory.ts';
import type { LogSummary } from '../log/read-offences.ts';
import { PrefixMap } from '../net/prefix-map.ts';

/** What happened to an entry, the most telling first. */
export const OUTCOMES = ['new', 'reactivated', 'extended', 'covered', 'evidence'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What one log did to one entry. */
export interface EntryReport {
  entry: Entry;
  outcome: Outcome;
  /** Offences of this log. */
  hits: number;
  /** `sshd failed-login` and how often. */
  readonly messages: Map<string, number>;
}

/** What reading one log did. */
export class GrokReport {
  readonly summary: LogSummary;
  /** The same content was read before: nothing was done. */
  readonly alreadyRead: boolean;
  readonly #entries = new PrefixMap<EntryReport>();
  readonly spared: Spared[] = [];

  constructor(summary: LogSummary, alreadyRead: boolean) {
    this.summary = summary;
    this.alreadyRead = alreadyRead;
  }

  add({ decision, evidence, request }: Verdict): void {
    if (decision.kind === 'refused') return;
    const { entry } = decision;
    const outcome = decision.kind === 'covered' && decision.extended ? 'extended' : decision.kind;
    let report = this.#entries.get(entry.prefix);
    if (!report) {
      report = { entry, outcome, hits: 0, messages: new Map() };
      this.#entries.set(entry.prefix, report);
    }
    report.entry = entry;
    report.outcome = tellingMore(report.outcome, outcome);
    report.hits += request.hits;
    for (const { service, message, count } of evidence) {
      const name = `${service} ${message}`;
      report.messages.set(name, (report.messages.get(name) ?? 0) + count);
    }
  }

  spare(spared: readonly Spared[]): void {
    this.spared.push(...spared);
  }

  /** By what happened, the most telling first, then by prefix. */
  entries(): EntryReport[] {
    return Array.from(this.#entries.walk(), ({ value }) => value).toSorted(
      (p, q) => OUTCOMES.indexOf(p.outcome) - OUTCOMES.indexOf(q.outcome),
    );
  }

  /** How many entries had this outcome. */
  count(outcome: Outcome): number {
    let count = 0;
    for (const { value } of this.#entries.walk()) if (value.outcome === outcome) count++;
    return count;
  }
}

function tellingMore(p: Outcome, q: Outcome): Outcome {
  return OUTCOMES.indexOf(p) <= OUTCOMES.indexOf(q) ? p : q;
}
