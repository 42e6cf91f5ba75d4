import type { FleetClient, Reported } from '../../fleet/client/client.ts';
import type { OutboxItem } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';

/** Well under the number of reports that a server accepts at once. */
const PAGE_SIZE = 500;

/** Counts of the reports that were sent. */
export interface SentReports {
  /** The server has them. */
  reported: number;
  /** The server refused them. */
  refused: number;
}

/**
 * Sends the reports in the outbox, oldest first, and removes those that the server has accepted or,
 * with a warning, refused for good. After a crash the same reports are sent again with the same keys.
 * Throws what the client throws; then the remaining reports wait.
 */
export async function sendOutbox(
  store: Store,
  client: FleetClient,
  warn: (text: string) => void,
): Promise<SentReports> {
  const sent: SentReports = { reported: 0, refused: 0 };
  const first = nextPage(store);
  if (first.length === 0) return sent;
  const dropped = store.outbox.takeDropped();
  if (dropped > 0) {
    warn(`mcblock: ${dropped} reports were dropped, as more waited than fleet.outbox-limit`);
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
  const result = await send(client, items);
  if (result.kind === 'unacceptable' && items.length > 1) {
    // One bad report must not hold back the others.
    const middle = items.length >>> 1;
    await sendPage(store, client, items.slice(0, middle), sent, warn);
    await sendPage(store, client, items.slice(middle), sent, warn);
    return;
  }
  store.outbox.remove(items.map(({ id }) => id));
  if (result.kind === 'unacceptable') {
    sent.refused++;
    warn(`mcblock: the fleet does not take ${nameOf(items[0])}: ${result.reason}`);
    return;
  }
  sent.reported += items.length;
  for (const [index, { outcome, reason }] of result.answers.entries()) {
    if (outcome !== 'refused' && outcome !== 'spared') continue;
    sent.reported--;
    sent.refused++;
    warn(`mcblock: the fleet does not take ${nameOf(items[index])}: ${reason}`);
  }
}

function send(client: FleetClient, items: readonly OutboxItem[]): Promise<Reported> {
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
