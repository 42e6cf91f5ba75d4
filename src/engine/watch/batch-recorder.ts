import type { Seconds } from '../../blocklist/entry.ts';
import type { Spared } from '../../blocklist/spared.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import type { Extent } from '../../log/extent.ts';
import type { Batch } from '../../log/follow/follow-content.ts';
import type { Store } from '../../store/store.ts';
import { type EntryReport, EntryReports } from '../judge/entry-reports.ts';
import { judgePlaces } from '../judge/judge-log.ts';
import { StoredPending } from '../judge/pending.ts';
import type { Policies } from '../policies.ts';
import { bansOf } from '../publish/publish-bans.ts';

/** So often, or after so many offences, what is pending is looked through for what is too old. */
const PRUNE_MILLISECONDS = 60_000;
const PRUNE_OFFENCES = 65_536;

/** What a batch did. */
export interface BatchReport {
  readonly log: string;
  readonly entries: EntryReports;
  readonly spared: Spared[];
  /** What began to block. */
  readonly bans: Ban[];
}

/** Judges and stores batches of lines of logs that are followed. */
export class BatchRecorder {
  readonly #store: Store;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #keptSince = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * All that a batch told, and how far its log was read, in one transaction. Undefined: another
   * process recorded something of the same log meanwhile, and nothing was done.
   */
  record(batch: Batch, policies: Policies, now: Seconds): BatchReport | undefined {
    const store = this.#store;
    const { name, content, span } = batch;
    const pending = new StoredPending(store);
    let isPruned = performance.now() - this.#prunedAt > PRUNE_MILLISECONDS;
    const report = store.transaction(() => {
      if (!isAsKnown(store, batch)) return undefined;
      store.recordLogins(batch.logins);
      const done: BatchReport = { log: name, entries: new EntryReports(), spared: [], bans: [] };
      const rules = { ...policies, witness: 'log' } as const;
      judgePlaces(now, store, batch, rules, pending, done, (draft) => {
        draft.write(store);
        done.bans.push(...bansOf(draft.changes(), now));
      });
      isPruned ||= this.#keptSince + pending.kept > PRUNE_OFFENCES;
      if (isPruned) pending.prune(policies.windowSeconds);
      const { digest, head, bytes } = content;
      const [firstEvent, lastEvent] = [span?.first, span?.last];
      store.recordLog(
        { digest, head, name, bytes, lines: batch.lineCount, firstEvent, lastEvent, readAt: now },
        batch.instead,
      );
      return done;
    });
    if (isPruned) this.#prunedAt = performance.now();
    this.#keptSince = isPruned ? 0 : this.#keptSince + pending.kept;
    return report;
  }
}

/** Whether nobody else recorded anything of a log with this first line. */
function isAsKnown(store: Store, { content, known, instead }: Batch): boolean {
  const expected = new Set([...known, ...(instead ? [{ digest: instead }] : [])].map(keyOf));
  const found = store.logsWithHead(content.head);
  return found.length === expected.size && found.every((extent) => expected.has(keyOf(extent)));
}

function keyOf({ digest }: Pick<Extent, 'digest'>): string {
  return Buffer.from(digest).toString('hex');
}

/** The entries that changed what is blocked. */
export function activated({ entries }: BatchReport): EntryReport[] {
  return [...entries].filter(({ outcome }) => outcome !== 'covered' && outcome !== 'evidence');
}
