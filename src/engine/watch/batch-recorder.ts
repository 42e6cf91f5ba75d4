import type { Seconds } from '../../blocklist/entry.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import type { Spared } from '../../blocklist/spared.ts';
import type { Checkpoint } from '../../log/checkpoint.ts';
import type { Batch } from '../../log/follow/follow-content.ts';
import type { LinesSummary } from '../../log/follow/follow-lines.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';
import type { Store } from '../../store/store.ts';
import { type EntryReport, EntryReports } from '../judge/entry-reports.ts';
import { judgeNetworks } from '../judge/judge-log.ts';
import { PendingOffences, StoredPending } from '../judge/pending.ts';
import { OUTCOMES } from '../judge/pending-changes.ts';
import { SeenEvents } from '../judge/seen-events.ts';
import { type RuleChanges, storeChanges, storeLogins } from '../judge/store-judged.ts';
import { keepSpent, pruneSpent } from '../judge/withdraw.ts';
import type { Policies } from '../policies.ts';

/** Pending offences and the keys of events are pruned at this interval, or after this many. */
const PRUNE_MILLISECONDS = 60_000;
const PRUNE_OFFENCES = 65_536;

/** The result of judging one batch of lines. */
export interface BatchReport extends RuleChanges {
  readonly log: string;
  readonly entries: EntryReports;
  readonly spared: Spared[];
  /** Offences from addresses that were blocked then. */
  hits: number;
  /** Entries that `limits.share` kept from becoming active, or for longer. */
  refused: number;
  /** Prefixes that may be proxies, of which offences did not count. */
  readonly uncounted: UncountedProxy[];
}

/** Lines of a log or a stream. */
type NamedLines = LinesSummary & Pick<Batch, 'name'>;

/** Judges and stores batches of lines of logs that are followed. */
export class BatchRecorder {
  readonly #store: Store;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #keptSince = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Stores the results of a batch and how far its log was read, in one transaction. Undefined if
   * another process recorded part of the same log meanwhile; then nothing is stored.
   */
  record(batch: Batch, policies: Policies, now: Seconds): BatchReport | undefined {
    const store = this.#store;
    return store.transaction(() => {
      if (!isAsKnown(store, batch)) return undefined;
      const { name, content, span } = batch;
      const report = this.#judge(batch, policies, now, 'log');
      const { digest, head, bytes } = content;
      const [firstEvent, lastEvent] = [span?.first, span?.last];
      store.recordLog(
        { digest, head, name, bytes, lines: batch.lineCount, firstEvent, lastEvent, readAt: now },
        batch.instead,
      );
      return report;
    });
  }

  /** Stores the results of lines of a stream, and what `more` stores, in one transaction. */
  recordLines(
    lines: NamedLines,
    policies: Policies,
    now: Seconds,
    source: EvidenceSource,
    more: () => void,
  ): BatchReport {
    return this.#store.transaction(() => {
      const report = this.#judge(lines, policies, now, source);
      more();
      return report;
    });
  }

  #judge(lines: NamedLines, policies: Policies, now: Seconds, source: EvidenceSource): BatchReport {
    const store = this.#store;
    // Pending offences were reported by services; what pf reports never makes a new entry.
    const pending = source === 'log' ? new StoredPending(store) : new PendingOffences([], 0);
    const isDue = performance.now() - this.#prunedAt > PRUNE_MILLISECONDS;
    const nothing = {
      spared: [],
      hits: 0,
      refused: 0,
      uncounted: [],
      bans: [],
      withdrawn: [],
      changesHoles: false,
    };
    const done: BatchReport = { log: lines.name, entries: new EntryReports(), ...nothing };
    storeLogins(store, lines.logins, policies, now, done);
    const events = new SeenEvents(store);
    const settings = { ...policies, source, counted: events };
    judgeNetworks(store, lines, settings, now, pending, done, (changes) =>
      storeChanges(store, changes, now, done),
    );
    keepSpent(store, pending.spent);
    const stored = pending instanceof StoredPending ? pending : undefined;
    this.#keptSince += (stored?.kept ?? 0) + pending.spent.length + events.added;
    const isPruned = isDue || this.#keptSince > PRUNE_OFFENCES;
    if (isPruned) {
      stored?.prune(policies.windowSeconds);
      pruneSpent(store, policies.windowSeconds);
      this.#prunedAt = performance.now();
      this.#keptSince = 0;
    }
    events.save(now, isPruned ? policies.windowSeconds : undefined);
    return done;
  }
}

/** Whether no other process has recorded a log with the same first line since. */
function isAsKnown(store: Store, { content, known, instead }: Batch): boolean {
  const expected = new Set([...known, ...(instead ? [{ digest: instead }] : [])].map(keyOf));
  const found = store.logs.withHead(content.head);
  return (
    found.length === expected.size && found.every((checkpoint) => expected.has(keyOf(checkpoint)))
  );
}

function keyOf({ digest }: Pick<Checkpoint, 'digest'>): string {
  return Buffer.from(digest).toString('hex');
}

/** The entries of the report that were activated or extended. */
export function activated({ entries }: BatchReport): EntryReport[] {
  return [...entries].filter(
    ({ outcome }) => OUTCOMES.indexOf(outcome) < OUTCOMES.indexOf('folded'),
  );
}

/** There is something to tell: the rules changed, entries were refused, or offences did not count. */
export function isNotable(report: BatchReport): boolean {
  return report.refused > 0 || report.uncounted.length > 0 || changesRules(report);
}

/** Entries were activated, extended or withdrawn, or the holes changed. */
export function changesRules(report: BatchReport): boolean {
  return report.changesHoles || report.withdrawn.length > 0 || activated(report).length > 0;
}
