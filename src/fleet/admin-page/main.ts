import { showBlocklist } from '../pubsub/page/bans-view.ts';
import { byId } from '../pubsub/page/dom.ts';
import { formatTime } from '../pubsub/page/format.ts';
import { showMap, startMap } from '../pubsub/page/map.ts';
import type { OverviewJson } from './json.ts';
import { showUsers } from './users-view.ts';

const REFRESH_MILLISECONDS = 5000;

let shown = JSON.parse(byId('initial').textContent) as OverviewJson;

startMap();
show();
refreshMap().catch(showLost);
setInterval(() => {
  if (!document.hidden) refresh().catch(showLost);
}, REFRESH_MILLISECONDS);

async function refresh(): Promise<void> {
  const before = shown;
  shown = (await (await got('/admin/overview.json')).json()) as OverviewJson;
  byId('lost').hidden = true;
  document.body.className = '';
  show();
  if (before.latest !== shown.latest || before.active !== shown.active) await refreshMap();
}

async function refreshMap(): Promise<void> {
  showMap(new Uint8Array(await (await got('/admin/map')).arrayBuffer()));
}

async function got(path: string): Promise<Response> {
  const response = await fetch(path);
  if (response.ok) return response;
  throw new Error(`status ${response.status}`);
}

function show(): void {
  showUsers(shown);
  showBlocklist(shown);
  byId('version').textContent = `mcblock ${shown.version}`;
}

function showLost(): void {
  const lost = byId('lost');
  lost.hidden = false;
  lost.textContent = `The server does not answer. This page shows what it knew at ${formatTime(shown.now)} UTC.`;
  document.body.className = 'lost';
}
