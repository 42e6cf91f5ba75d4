import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Checkpoint } from '../../log/checkpoint.ts';
import type { CountedEvents } from '../../log/event-keys.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import type { Store } from '../../store/store.ts';
import {
  type JudgeSettings,
  judgeNetworks,
  logEnd,
  type PendingPool,
  pastLogins,
  pendingBefore,
  snapshotWith,
} from './judge-log.ts';
import { LogReport } from './log-report.ts';
import { sharePending } from './pending.ts';
import { SeenEvents } from './seen-events.ts';
import { storeChanges, storeLogins } from './store-judged.ts';
import { keepSpent, pruneSpent, withdrawFor } from './withdraw.ts';

/**
 * Judges a log and stores the result, in one transaction. Throws McblockError('store') if another
 * process recorded the same log meanwhile; then nothing is stored.
 * @param again judges content that was read before once more, and all its events
 * @param events those of the logs that were judged before, if they are one history
 */
export function recordLog(
  store: Store,
  summary: LogSummary,
  settings: JudgeSettings,
  now: Seconds,
  again = false,
  events = new SeenEvents(store),
): LogReport {
  const { content, span, lines, name } = summary;
  return store.transaction(() => {
    // Another process may have read the same log since the caller looked.
    const known = again ? undefined : store.logs.find(content.digest);
    const report = new LogReport(summary, isReadBefore(summary) || known !== undefined);
    if (report.alreadyRead) return report;
    // It may also have read a shorter or longer part, which leaves unclear what is new here.
    const checkpoints = again ? [] : store.logs.withHead(content.head);
    if (!isSame(checkpoints, summary.knownCheckpoints)) {
      throw new McblockError(
        'store',
        `${name}: another mcblock read it at the same time; nothing was recorded; run the command again`,
      );
    }
    storeLogins(store, summary.logins, settings, now, report);
    const counted = countedEvents(events, summary, settings, now, again);
    const pool = pendingBefore(store, summary, settings, now);
    judgeNetworks(store, summary, { ...settings, counted }, now, pool, report, (changes) =>
      storeChanges(store, changes, now, report),
    );
    const pending = pool.rest(logEnd(summary, now), settings.windowSeconds);
    report.repeated = events.repeated;
    if (settings.source === 'log') {
      store.replacePending(pending);
      sharePending(store, pending);
      events.save(now, settings.windowSeconds);
    }
    if (pool.spent.length > 0) {
      keepSpent(store, pool.spent);
      pruneSpent(store, settings.windowSeconds);
    }
    store.recordLog({
      digest: content.digest,
      head: content.head,
      name,
      bytes: content.bytes,
      lines: lines.lines,
      firstEvent: span?.first,
      lastEvent: span?.last,
      readAt: now,
    });
    return report;
  });
}

/** Judges a log and stores nothing. */
export function previewLog(
  store: Store,
  summary: LogSummary,
  settings: JudgeSettings,
  now: Seconds,
  again = false,
  events = new SeenEvents(store),
): LogReport {
  const report = new LogReport(summary, isReadBefore(summary));
  if (report.alreadyRead) return report;
  const logins = pastLogins(summary.logins, now);
  const withdrawn = withdrawFor(store, snapshotWith(store, logins), logins, settings, now, true);
  report.withdrawn.push(...withdrawn.map(({ before }) => before.prefix));
  const counted = countedEvents(events, summary, settings, now, again);
  const judged = { ...settings, counted, withdrawn };
  const before = pendingBefore(store, summary, judged, now);
  // What the log leaves behind is for the next one, and would take memory.
  const pool: PendingPool = {
    joined: (...asked) => before.joined(...asked),
    keep: () => undefined,
    keepSpent: () => undefined,
  };
  judgeNetworks(store, summary, judged, now, pool, report, () => undefined);
  report.repeated = events.repeated;
  return report;
}

/** Packets have no keys: they are hits, and never make a new entry. */
function countedEvents(
  events: SeenEvents,
  summary: LogSummary,
  { source, windowSeconds }: JudgeSettings,
  now: Seconds,
  again: boolean,
): CountedEvents | undefined {
  events.begin(summary.isOutOfOrder ? undefined : logEnd(summary, now) - windowSeconds);
  if (source === 'pf') return undefined;
  if (!again) return events;
  return {
    from: undefined,
    count: (at, key) => {
      events.count(at, key);
      return true;
    },
  };
}

/** Whether the store still knows the same parts of the log as when it was read. */
export function isCurrent(store: Store, { content, knownCheckpoints }: LogSummary): boolean {
  return isSame(store.logs.withHead(content.head), knownCheckpoints);
}

/** Both lists are in the order of the store. */
function isSame(checkpoints: readonly Checkpoint[], others: readonly Checkpoint[]): boolean {
  return (
    checkpoints.length === others.length &&
    checkpoints.every(
      ({ digest }, index) => Buffer.compare(digest, others[index]?.digest ?? digest) === 0,
    )
  );
}

/**
 * Whether nothing of the log is new. If more of a log with the same beginning was read than this one
 * has, this is a copy (logrotate's copytruncate) made before its last lines were written.
 */
function isReadBefore({ content, newFrom, knownCheckpoints }: LogSummary): boolean {
  if (newFrom === 0) return false;
  return newFrom === content.bytes || knownCheckpoints.some(({ bytes }) => bytes > content.bytes);
}
