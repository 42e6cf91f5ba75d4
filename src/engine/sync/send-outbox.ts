import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { nounText } from '../../count-text.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { RemoteResult } from '../../fleet/client/remote-change.ts';
import type { ReportResponse } from '../../fleet/client/report-response.ts';
import type { OutboxItem } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';

/** Well under the number of reports that a server accepts at once. */
const PAGE_SIZE = 500;

/** A report that the server deferred is sent again after this time. */
const DEFER_SECONDS = DAY_SECONDS;

/** Outcomes of a report that the server does not act on. */
const DECLINED = new Set(['refused', 'spared']);

/** Counts of the reports that were sent. */
export interface SentReports {
  /** The server has them. */
  reported: number;
  /** The server declined them. */
  refused: number;
  /** Those among them of which the fleet blocks less until other machines report them too. */
  held: number;
  /** Too many for now: no more are sent for so long. */
  waitSeconds: number;
}

/**
 * Sends the reports in the outbox, oldest first. Accepted ones are removed, as are, with a warning,
 * those that the server declines. A report that it refuses for its form is set aside, with a warning,
 * and sent again when the server states another revision of the API; one that it defers is sent again
 * the next day. After a crash the same reports are sent again with the same keys. Throws what the
 * client throws; then the remaining reports wait.
 */
export async function sendOutbox(
  store: Store,
  client: FleetClient,
  now: () => Seconds,
  warn: (text: string) => void,
): Promise<SentReports> {
  try {
    return await sendAll(store, client, now, warn);
  } catch (error) {
    if (client.version1 === undefined) throw error;
    return sendAll(store, client.version1, now, warn);
  }
}

/** What takes reports: a server of either version. */
type Receiver = Pick<FleetClient, 'report' | 'allow' | 'revision'>;

async function sendAll(
  store: Store,
  client: Receiver,
  now: () => Seconds,
  warn: (text: string) => void,
): Promise<SentReports> {
  const { outbox } = store;
  const sent: SentReports = { reported: 0, refused: 0, held: 0, waitSeconds: 0 };
  outbox.retryDeferred(now());
  if (outbox.setAsideReports().count > 0) outbox.retrySetAside(await client.revision());
  const first = nextPage(store);
  if (first.length === 0) return sent;
  const dropped = outbox.takeDropped();
  if (dropped > 0) {
    warn(`mcblock: ${dropped} reports dropped: outbox full (fleet.outbox-limit)`);
  }
  for (let items = first; items.length > 0; items = nextPage(store)) {
    await sendPage({ store, client, now, sent, warn }, items);
    if (sent.waitSeconds > 0) break;
  }
  return sent;
}

/** The oldest items that can be sent together: a list of reports, or one allow-list change. */
function nextPage(store: Store): OutboxItem[] {
  const items = store.outbox.after(0, PAGE_SIZE);
  const other = items.findIndex(isAllow);
  return other < 0 ? items : items.slice(0, Math.max(1, other));
}

interface Sending {
  readonly store: Store;
  readonly client: Receiver;
  readonly now: () => Seconds;
  readonly sent: SentReports;
  readonly warn: (text: string) => void;
}

async function sendPage(sending: Sending, items: readonly OutboxItem[]): Promise<void> {
  const { store, client, sent, warn } = sending;
  const { outbox } = store;
  const response = await send(client, items);
  const [first] = items;
  if (response.kind === 'processed') {
    const deferred = deferAll(sending, items, response.results);
    const declined = [...response.results.entries()].filter(([, { outcome }]) =>
      DECLINED.has(outcome),
    );
    outbox.remove(declined.flatMap(([index]) => items[index]?.id ?? []));
    outbox.sent(items.map(({ id }) => id).filter((id) => !deferred.has(id)));
    sent.reported += items.length - declined.length - deferred.size;
    sent.refused += declined.length;
    sent.held += response.results.filter(({ held }) => held !== undefined).length;
    for (const [index, { reason }] of declined) {
      warn(`mcblock: API declined ${nameOf(items[index])}: ${reason}`);
    }
  } else if (response.kind === 'later') {
    sent.waitSeconds = Math.max(1, response.waitSeconds);
  } else if (items.length > 1) {
    // One bad report must not hold back the others.
    const middle = items.length >>> 1;
    await sendPage(sending, items.slice(0, middle));
    if (sent.waitSeconds === 0) await sendPage(sending, items.slice(middle));
  } else if (first !== undefined && response.kind === 'malformed') {
    outbox.setAside(first.id, response.reason, await client.revision());
    warn(`mcblock: API refused ${nameOf(first)}, now set aside: ${response.reason}`);
  } else if (first !== undefined) {
    outbox.remove([first.id]);
    sent.refused++;
    warn(`mcblock: API declined ${nameOf(first)}: ${response.reason}`);
  }
}

/** Keeps the reports that the server takes later. Returns their ids. */
function deferAll(
  { store, now, warn }: Sending,
  items: readonly OutboxItem[],
  results: readonly RemoteResult[],
): ReadonlySet<number> {
  const byReason = new Map<string, number[]>();
  for (const [index, { outcome, reason }] of results.entries()) {
    const id = items[index]?.id;
    if (outcome !== 'deferred' || id === undefined) continue;
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  for (const [reason, ids] of byReason) {
    store.outbox.defer(ids, reason, now() + DEFER_SECONDS);
    const reports = nounText(ids.length, 'report', 'reports');
    warn(`mcblock: API deferred ${reports} until tomorrow: ${reason}`);
  }
  return new Set([...byReason.values()].flat());
}

function send(client: Receiver, items: readonly OutboxItem[]): Promise<ReportResponse> {
  const [first] = items;
  if (first === undefined || !isAllow(first)) return client.report(items);
  const { prefix, note } = first.report;
  return first.report['type'] === 'allow'
    ? client.allow('POST', { prefix, note })
    : client.allow('DELETE', { prefix });
}

function isAllow({ report }: OutboxItem): boolean {
  return report['type'] === 'allow' || report['type'] === 'disallow';
}

function nameOf(item: OutboxItem | undefined): string {
  return `${item?.report['type']} ${item?.report['address'] ?? item?.report['prefix']}`;
}
