/**
 * What the page does in a browser. Text from outside reaches it as textContent alone; the
 * Content-Security-Policy would let nothing else run anyway. Its placeOf is the cellOf of the map
 * turned round: from a cell to its place along the curve.
 */
export const PAGE_SCRIPT = `
'use strict';
const SIDE = 256;
const SCALE = 2;
const element = (id) => document.getElementById(id);
const make = (name, text) => {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
};
const row = (cells, heads) => {
  const made = document.createElement('tr');
  cells.forEach((text, index) => {
    const cell = make('td', text);
    if (heads) cell.dataset.head = heads[index];
    made.append(cell);
  });
  return made;
};
const time = (text) => (text ? text.replace('T', ' ').replace('Z', '') : '-');
const whole = (number) => Number(number).toLocaleString('en');

function showState(status) {
  const line = 'state: ' + status.state;
  if (element('state').textContent !== line) element('state').textContent = line;
  element('state').className = status.state === 'connected' ? '' : 'bad';
  document.title = 'mcblock: ' + status.state;
  const facts = [
    ['Connected since', time(status.connectedSince)],
    ['Last message', time(status.lastMessageAt)],
    ['Last number of the API', status.lastNumber === null ? '-' : whole(status.lastNumber)],
    ['Behind the API', status.lag === null ? '-' : whole(status.lag)],
    ['Waiting', whole(status.queue.blocks) + ' blocks, ' + whole(status.queue.commands) + ' commands'],
  ];
  if (status.lastError) facts.push(['Last error', status.lastError]);
  element('facts').replaceChildren(...facts.flatMap(([name, value]) => [make('dt', name), make('dd', value)]));
  element('counts').replaceChildren(...Object.entries(status.channels).map(([name, count]) =>
    row([name, whole(count.received), whole(count.accepted),
      Object.entries(count.refused).map(([why, times]) => why + ' ' + whole(times)).join(', ') || '-'])));
}

const HEADS = ['Time', 'Prefix', 'From', 'Why', 'Outcome', 'Until'];
const banRow = (ban) => row([time(ban.at), ban.prefix, ban.from, ban.why, ban.outcome,
  ban.expiresAt === null ? 'for ever' : time(ban.expiresAt)], HEADS);

function showPage(data) {
  element('active').textContent = whole(data.active) + ' entries are active.';
  element('origins').replaceChildren(...Object.entries(data.byOrigin).map(([origin, count]) => row([origin, whole(count)])));
  element('last').replaceChildren(...data.bans.map(banRow));
}

function addBan(ban) {
  const last = element('last');
  last.prepend(banRow(ban));
  while (last.rows.length > 50) last.deleteRow(-1);
}

let cells = new Uint8Array(SIDE * SIDE);
function showMap() {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--ink').trim();
  const context = element('map').getContext('2d');
  context.setTransform(SCALE, 0, 0, SCALE, 0, 0);
  context.clearRect(0, 0, SIDE, SIDE);
  context.fillStyle = ink;
  // A line each /8, and around each point a shade, so that a single one is seen too.
  context.globalAlpha = 0.12;
  for (let line = 16; line < SIDE; line += 16) {
    context.fillRect(line, 0, 0.5, SIDE);
    context.fillRect(0, line, SIDE, 0.5);
  }
  context.globalAlpha = 0.2;
  cells.forEach((level, cell) => {
    if (level > 0) context.fillRect((cell % SIDE) - 1, Math.floor(cell / SIDE) - 1, 3, 3);
  });
  let some = 0;
  let all = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    if (cells[cell] === 0) continue;
    some++;
    if (cells[cell] === 9) all++;
    context.globalAlpha = 0.4 + (cells[cell] / 9) * 0.6;
    context.fillRect(cell % SIDE, Math.floor(cell / SIDE), 1, 1);
  }
  const covered = 'Of 65,536 /16s ' + whole(some) + ' hold what is blocked, ' + whole(all) + ' are blocked whole.';
  element('covered').textContent = covered;
  element('map').setAttribute('aria-label', 'Map of the IPv4 space. ' + covered);
}

function placeOf(x, y) {
  let place = 0;
  for (let side = SIDE / 2; side > 0; side /= 2) {
    const right = (x & side) > 0 ? 1 : 0;
    const down = (y & side) > 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ down);
    x &= side - 1;
    y &= side - 1;
    if (down === 0) {
      if (right === 1) {
        x = side - 1 - x;
        y = side - 1 - y;
      }
      [x, y] = [y, x];
    }
  }
  return place;
}

const point = (event) => {
  const box = event.target.getBoundingClientRect();
  const at = (offset, size) => Math.min(SIDE - 1, Math.max(0, Math.floor((offset / size) * SIDE)));
  const [x, y] = [at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height)];
  const place = placeOf(x, y);
  const level = cells[y * SIDE + x];
  element('pointed').textContent = (place >> 8) + '.' + (place & 255) + '.0.0/16: ' +
    (level === 0 ? 'nothing is blocked' : level === 9 ? 'all is blocked' : 'level ' + level + ' of 9') + '.';
};
element('map').addEventListener('pointermove', point);
element('map').addEventListener('pointerdown', point);

async function fetchAll() {
  const [page, map] = await Promise.all([fetch('/page.json'), fetch('/map')]);
  if (!page.ok || !map.ok) return;
  showPage(await page.json());
  cells = new Uint8Array(await map.arrayBuffer());
  showMap();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showMap);
const refresh = () => fetchAll().catch(() => {});
const events = new EventSource('/events');
events.addEventListener('state', (event) => showState(JSON.parse(event.data)));
events.addEventListener('ban', (event) => addBan(JSON.parse(event.data)));
events.addEventListener('changed', refresh);
events.onerror = () => {
  element('state').textContent = 'state: this page has lost the daemon';
  element('state').className = 'bad';
};
events.onopen = () => {
  fetch('/status.json').then((answer) => answer.json()).then(showState).catch(() => {});
  refresh();
};
`;
