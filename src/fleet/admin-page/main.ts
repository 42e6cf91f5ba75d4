import { showBlocklist } from '../pubsub/page/bans-view.ts';
import { byId } from '../pubsub/page/dom.ts';
import { formatTime } from '../pubsub/page/format.ts';
import { showFound, showLost } from '../pubsub/page/head.ts';
import { showMap, startMap } from '../pubsub/page/map.ts';
import type { OverviewJson } from './json.ts';
import { showUsers } from './users-view.ts';

const REFRESH_MILLISECONDS = 5000;

let shown = JSON.parse(byId('initial').textContent) as OverviewJson;

startMap();
show();
refreshMap().catch(onLost);
setInterval(() => {
  if (!document.hidden) refresh().catch(onLost);
}, REFRESH_MILLISECONDS);

async function refresh(): Promise<void> {
  const before = shown;
  shown = (await (await got('/admin/overview.json')).json()) as OverviewJson;
  showFound();
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

function onLost(): void {
  const at = formatTime(shown.now);
  showLost(`The server does not answer. This page shows what it knew at ${at} UTC.`);
}
