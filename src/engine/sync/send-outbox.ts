import type { FleetClient, ReportResponse } from '../../fleet/client/client.ts';
import type { OutboxItem } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';

/** Well under the number of reports that a server accepts at once. */
const PAGE_SIZE = 500;

/** Outcomes of a report that the server does not act on. */
const DECLINED = new Set(['refused', 'spared']);

/** Counts of the reports that were sent. */
export interface SentReports {
  /** The server has them. */
  reported: number;
  /** The server declined them. */
  refused: number;
}

/**
 * Sends the reports in the outbox, oldest first. Accepted ones are removed, as are, with a warning,
 * those that the server declines. A report that it refuses for its form is set aside, with a warning,
 * and sent again when the server states another revision of the API. After a crash the same reports
 * are sent again with the same keys. Throws what the client throws; then the remaining reports wait.
 */
export async function sendOutbox(
  store: Store,
  client: FleetClient,
  warn: (text: string) => void,
): Promise<SentReports> {
  const { outbox } = store;
  const sent: SentReports = { reported: 0, refused: 0 };
  if (outbox.setAsideReports().count > 0) outbox.retrySetAside(await client.revision());
  const first = nextPage(store);
  if (first.length === 0) return sent;
  const dropped = outbox.takeDropped();
  if (dropped > 0) {
    warn(`mcblock: ${dropped} reports dropped: outbox full (fleet.outbox-limit)`);
  }
  for (let items = first; items.length > 0; items = nextPage(store)) {
    await sendPage(store, client, items, sent, warn);
  }
  return sent;
}

/** The oldest items that can be sent together: a list of reports, or one allow-list change. */
function nextPage(store: Store): OutboxItem[] {
  const items = store.outbox.after(0, PAGE_SIZE);
  const other = items.findIndex(isAllow);
  return other < 0 ? items : items.slice(0, Math.max(1, other));
}

async function sendPage(
  store: Store,
  client: FleetClient,
  items: readonly OutboxItem[],
  sent: SentReports,
  warn: (text: string) => void,
): Promise<void> {
  const { outbox } = store;
  const response = await send(client, items);
  const [first] = items;
  if (response.kind === 'processed') {
    outbox.remove(items.map(({ id }) => id));
    const declined = [...response.results.entries()].filter(([, { outcome }]) =>
      DECLINED.has(outcome),
    );
    sent.reported += items.length - declined.length;
    sent.refused += declined.length;
    for (const [index, { reason }] of declined) {
      warn(`mcblock: API declined ${nameOf(items[index])}: ${reason}`);
    }
  } else if (items.length > 1) {
    // One bad report must not hold back the others.
    const middle = items.length >>> 1;
    await sendPage(store, client, items.slice(0, middle), sent, warn);
    await sendPage(store, client, items.slice(middle), sent, warn);
  } else if (first !== undefined && response.kind === 'malformed') {
    outbox.setAside(first.id, response.reason, await client.revision());
    warn(`mcblock: API refused ${nameOf(first)}, now set aside: ${response.reason}`);
  } else if (first !== undefined) {
    outbox.remove([first.id]);
    sent.refused++;
    warn(`mcblock: API declined ${nameOf(first)}: ${response.reason}`);
  }
}

function send(client: FleetClient, items: readonly OutboxItem[]): Promise<ReportResponse> {
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
