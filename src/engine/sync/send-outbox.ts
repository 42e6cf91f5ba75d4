import type { FleetClient, Reported } from '../../fleet/client/client.ts';
import type { OutboxItem } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';

/** A list of so many stays well under what a server takes at once. */
const PAGE = 500;

/** What became of the outbox. */
export interface Sent {
  /** The server has them now, or had them already. */
  reported: number;
  /** The server would not do what they ask for. */
  refused: number;
}

/**
 * Sends what waits in the outbox, oldest first, and removes what the server has acknowledged; what
 * it never will take, too, with a remark. Killed in between, the same is sent again with the same
 * keys. Throws what the client throws; then the rest waits.
 */
export async function sendOutbox(
  store: Store,
  client: FleetClient,
  remark: (text: string) => void,
): Promise<Sent> {
  const sent: Sent = { reported: 0, refused: 0 };
  const first = nextPage(store);
  if (first.length === 0) return sent;
  const dropped = store.outbox.takeDropped();
  if (dropped > 0) {
    remark(`mcblock: ${dropped} reports were dropped, as more waited than fleet.outbox-limit`);
  }
  for (let items = first; items.length > 0; items = nextPage(store)) {
    await sendPage(store, client, items, sent, remark);
  }
  return sent;
}

/** The oldest ones that go together: a list of reports, or one change of the allow-list. */
function nextPage(store: Store): OutboxItem[] {
  const items = store.outbox.after(0, PAGE);
  const other = items.findIndex(isAllow);
  return other < 0 ? items : items.slice(0, Math.max(1, other));
}

async function sendPage(
  store: Store,
  client: FleetClient,
  items: readonly OutboxItem[],
  sent: Sent,
  remark: (text: string) => void,
): Promise<void> {
  const result = await send(client, items);
  if (result.kind === 'unacceptable' && items.length > 1) {
    // One that is bad must not keep back the others.
    const middle = items.length >>> 1;
    await sendPage(store, client, items.slice(0, middle), sent, remark);
    await sendPage(store, client, items.slice(middle), sent, remark);
    return;
  }
  store.outbox.remove(items.map(({ id }) => id));
  if (result.kind === 'unacceptable') {
    sent.refused++;
    remark(`mcblock: the fleet does not take ${nameOf(items[0])}: ${result.reason}`);
    return;
  }
  sent.reported += items.length;
  for (const [index, { outcome, reason }] of result.answers.entries()) {
    if (outcome !== 'refused' && outcome !== 'spared') continue;
    sent.reported--;
    sent.refused++;
    remark(`mcblock: the fleet does not take ${nameOf(items[index])}: ${reason}`);
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
