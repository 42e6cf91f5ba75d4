import { PAGE_MAP_SCRIPT } from './page-map-script.ts';

/**
 * What the page does in a browser. Text from outside reaches it as textContent alone; the
 * Content-Security-Policy would let nothing else run anyway.
 */
export const PAGE_SCRIPT = `
'use strict';
const element = (id) => document.getElementById(id);
const make = (name, text, kind) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind !== undefined) made.className = kind;
  return made;
};
const row = (...cells) => {
  const made = document.createElement('tr');
  made.append(...cells);
  return made;
};
const head = (text) => {
  const made = make('th', text);
  made.scope = 'row';
  return made;
};
const time = (text) => (text ? text.replace('T', ' ').replace('Z', '') : '-');
const whole = (number) => Number(number).toLocaleString('en');
const ago = (text) => {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(text)) / 1000));
  const units = [[86400, 'd'], [3600, 'h'], [60, 'min']];
  const [size, name] = units.find(([size]) => seconds >= size) ?? [1, 's'];
  return Math.floor(seconds / size) + ' ' + name + ' ago';
};
const since = (text) => (text ? ago(text) + ', ' + time(text) + ' UTC' : '-');

let status;
function showState(fresh) {
  status = fresh;
  const line = 'state: ' + status.state;
  if (element('state').textContent !== line) element('state').textContent = line;
  element('state').className = status.state === 'connected' ? '' : 'bad';
  document.title = 'mcblock: ' + status.state;
  const facts = [
    ['Connected since', since(status.connectedSince)],
    ['Last message', since(status.lastMessageAt)],
    ['Last number of the API', status.lastNumber === null ? '-' : whole(status.lastNumber)],
    ['Behind the API', status.apiError ? 'not known: ' + status.apiError : status.lag === null ? '-' :
      status.lag === 0 ? 'not at all' : whole(status.lag)],
    ['API asked', since(status.caughtUpAt)],
    ['Waiting', whole(status.queue.blocks) + ' blocks, ' + whole(status.queue.commands) + ' commands'],
  ];
  if (status.lastError) facts.push(['Last error', status.lastError]);
  element('facts').replaceChildren(...facts.flatMap(([name, value]) => [make('dt', name), make('dd', value)]));
  const senders = [...status.senders].sort((p, q) => q.bans - p.bans).slice(0, 12);
  element('senders').replaceChildren(...senders.map(({ sender, bans, lastAt }) =>
    row(head(sender), make('td', whole(bans), 'number'), make('td', ago(lastAt)))));
  element('no-senders').hidden = senders.length > 0;
  element('by-sender').hidden = senders.length === 0;
  element('counts').replaceChildren(...Object.entries(status.channels).map(([name, count]) =>
    row(head(name), make('td', whole(count.received), 'number'), make('td', whole(count.accepted), 'number'),
      make('td', Object.entries(count.refused).map(([why, times]) => why + ' ' + whole(times)).join(', ') || '-'))));
}

const HEADS = ['Time', 'Prefix', 'From', 'Why', 'Outcome', 'Until'];
const MAX_ROWS = 50;
const banRow = (ban, kind) => {
  const texts = [time(ban.at), ban.prefix, ban.from, ban.why || '-', ban.outcome,
    ban.expiresAt === null ? 'for ever' : time(ban.expiresAt).slice(0, 16)];
  const made = row(...texts.map((text, index) => {
    const cell = make('td', text);
    cell.dataset.head = HEADS[index];
    return cell;
  }));
  if (kind) made.className = kind;
  return made;
};
const showNone = () => {
  element('no-bans').hidden = element('last').rows.length > 0;
};

const ORIGINS = { grok: 'logs of this host', manual: 'by hand', pf: 'pf on this host', fleet: 'the fleet',
  import: 'imported lists', bogon: 'bogons' };
function showPage(data) {
  element('active').textContent = data.active === 0 ? 'Nothing is blocked yet.'
    : data.active === 1 ? '1 entry is active.' : whole(data.active) + ' entries are active.';
  element('by-origin').hidden = data.active === 0;
  element('families').textContent = whole(data.active - data.active6) + ' of IPv4, ' + whole(data.active6) + ' of IPv6, ';
  const counts = Object.entries(data.byOrigin).sort((p, q) => q[1] - p[1]);
  const most = counts[0]?.[1];
  element('origins').replaceChildren(...counts.map(([origin, count]) => {
    const bar = make('i');
    bar.style.width = (count / most) * 100 + '%';
    const cell = make('td', undefined, 'bar');
    cell.ariaHidden = 'true';
    cell.append(bar);
    return row(head(ORIGINS[origin] ?? origin), make('td', whole(count), 'number'), cell);
  }));
  element('last').replaceChildren(...data.bans.map((ban) => banRow(ban)));
  showNone();
}

// In a flood no more is drawn than is seen.
let waiting = [];
function addBan(ban) {
  waiting.push(ban);
  if (waiting.length > MAX_ROWS) waiting.shift();
  else if (waiting.length === 1) setTimeout(showWaiting, 100);
}
let saidAt = 0;
function showWaiting() {
  const last = element('last');
  for (const ban of waiting) last.prepend(banRow(ban, 'fresh'));
  while (last.rows.length > MAX_ROWS) last.deleteRow(-1);
  const { prefix, from } = waiting.at(-1);
  waiting = [];
  showNone();
  if (Date.now() - saidAt < 10000) return;
  saidAt = Date.now();
  element('said').textContent = prefix + ' is blocked, from ' + from;
}

${PAGE_MAP_SCRIPT}
async function fetchAll() {
  const [page, map] = await Promise.all([fetch('/page.json'), fetch('/map')]);
  if (!page.ok || !map.ok) return;
  showPage(await page.json());
  showMap(new Uint8Array(await map.arrayBuffer()));
}
const refresh = () => fetchAll().catch(() => {});

let heardAt;
function showLost() {
  if (!element('lost').hidden) return;
  element('lost').hidden = false;
  element('lost').textContent = 'This page has lost the daemon' +
    (heardAt === undefined ? '' : '; what it shows is of ' + time(heardAt.toISOString().slice(0, 19)) + ' UTC') +
    '. It tries again by itself.';
  element('state').textContent = 'state: not known';
  element('state').className = 'bad';
  document.title = 'mcblock: not known';
  document.body.className = 'lost';
}
function showFound() {
  heardAt = new Date();
  if (element('lost').hidden) return;
  element('lost').hidden = true;
  document.body.className = '';
}

const AGAIN_MILLISECONDS = 3000;
function listen() {
  const events = new EventSource('/events');
  const on = (name, work) => events.addEventListener(name, (event) => {
    showFound();
    work(JSON.parse(event.data));
  });
  on('state', showState);
  on('ban', addBan);
  on('changed', refresh);
  events.onerror = () => {
    showLost();
    // It comes back by itself, unless it was refused.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MILLISECONDS);
  };
  events.onopen = () => {
    showFound();
    fetch('/status.json').then((answer) => answer.json()).then(showState).catch(() => {});
    refresh();
  };
}
listen();
fetch('/version').then((answer) => answer.text()).then((text) => {
  element('version').textContent = text.trim();
}).catch(() => {});
`;
