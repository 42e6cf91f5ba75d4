import { addBan, showBlocklist } from './bans-view.ts';
import { byId } from './dom.ts';
import { formatTime } from './format.ts';
import { showFound, showLost } from './head.ts';
import type { BanJson, InitialJson, PageJson, StatusJson } from './json.ts';
import { showMap, startMap } from './map.ts';
import { showState, showStatus } from './status-view.ts';

const RETRY_MILLISECONDS = 3000;

/** When the server last sent something. */
let receivedAt: Date | undefined;

startMap();
showInitial();
listen();

function listen(): void {
  const events = new EventSource('/events');
  on(events, 'state', (data) => showStatus(data as StatusJson));
  on(events, 'ban', (data) => addBan(data as BanJson));
  on(events, 'changed', refresh);
  events.addEventListener('error', () => {
    onLost();
    // The browser reconnects by itself unless it was refused.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MILLISECONDS);
  });
  events.addEventListener('open', () => {
    onFound();
    refresh();
  });
}

function on(events: EventSource, name: string, show: (data: unknown) => void): void {
  events.addEventListener(name, ({ data }: MessageEvent<string>) => {
    onFound();
    show(JSON.parse(data));
  });
}

/** What the server put into the document. */
function showInitial(): void {
  const { status, page, version } = JSON.parse(byId('initial').textContent) as InitialJson;
  showStatus(status);
  if (page !== null) showBlocklist(page);
  byId('version').textContent = `mcblock ${version}`;
}

function refresh(): void {
  fetchBlocklist().catch(() => {});
}

async function fetchBlocklist(): Promise<void> {
  const [page, map] = await Promise.all([fetch('/page.json'), fetch('/map')]);
  if (!page.ok || !map.ok) return;
  showBlocklist((await page.json()) as PageJson);
  showMap(new Uint8Array(await map.arrayBuffer()));
}

function onLost(): void {
  const shown =
    receivedAt === undefined
      ? ''
      : ` This page shows what it knew at ${formatTime(receivedAt.toISOString().slice(0, 19))} UTC.`;
  showLost(`Connection to mcblock lost; reconnecting.${shown}`);
  showState('unknown', false);
}

function onFound(): void {
  receivedAt = new Date();
  showFound();
}
