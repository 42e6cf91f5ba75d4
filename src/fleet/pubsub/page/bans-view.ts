import type { Origin } from '../../../blocklist/entry.ts';
import { byId, create, row, rowHead } from './dom.ts';
import { formatCount, formatTime } from './format.ts';
import type { BanJson, PageJson } from './json.ts';

const MAX_ROWS = 50;
const DRAW_MILLISECONDS = 100;
const ANNOUNCE_MILLISECONDS = 10_000;
const ORIGIN_TEXTS: Readonly<Partial<Record<string, string>> & Record<Origin, string>> = {
  grok: 'local logs',
  manual: 'by hand',
  pf: 'local pf',
  fleet: 'fleet',
  import: 'imported lists',
  bogon: 'bogons',
};

let pending: BanJson[] = [];
let announcedAt = 0;

export function showBlocklist({ active, active6, byOrigin, bans }: PageJson): void {
  byId('active').textContent = activeText(active);
  byId('by-origin').hidden = active === 0;
  byId('families').textContent =
    `${formatCount(active - active6)} IPv4, ${formatCount(active6)} IPv6, `;
  const counts = Object.entries(byOrigin).toSorted(([, p], [, q]) => q - p);
  const highest = counts[0]?.[1] ?? 1;
  byId('origins').replaceChildren(
    ...counts.map(([origin, count]) =>
      row(
        rowHead(ORIGIN_TEXTS[origin] ?? origin),
        create('td', formatCount(count), 'number'),
        barCell(count / highest),
      ),
    ),
  );
  lastBans().replaceChildren(...bans.map((ban) => banRow(ban)));
  byId('no-bans').hidden = bans.length > 0;
}

/** Draws at intervals: a flood of bans is no more work than anybody can see. */
export function addBan(ban: BanJson): void {
  pending.push(ban);
  if (pending.length > MAX_ROWS) pending.shift();
  else if (pending.length === 1) setTimeout(drawPending, DRAW_MILLISECONDS);
}

function drawPending(): void {
  const table = lastBans();
  for (const ban of pending) table.prepend(banRow(ban, 'fresh'));
  while (table.rows.length > MAX_ROWS) table.deleteRow(-1);
  const latest = pending.at(-1);
  pending = [];
  byId('no-bans').hidden = true;
  if (latest === undefined || Date.now() - announcedAt < ANNOUNCE_MILLISECONDS) return;
  announcedAt = Date.now();
  byId('announcement').textContent = `${latest.prefix} blocked, reported by ${latest.from}`;
}

function lastBans(): HTMLTableSectionElement {
  return byId('last', HTMLTableSectionElement);
}

function activeText(active: number): string {
  if (active === 0) return 'Nothing is blocked yet.';
  return active === 1 ? '1 entry is active.' : `${formatCount(active)} entries are active.`;
}

function barCell(part: number): HTMLTableCellElement {
  const bar = create('i');
  bar.style.width = `${part * 100}%`;
  const cell = create('td', '', 'bar');
  cell.ariaHidden = 'true';
  cell.append(bar);
  return cell;
}

function banRow(ban: BanJson, className = ''): HTMLTableRowElement {
  const cells = [
    timeCell(ban.at),
    create('td', ban.prefix),
    create('td', ban.from),
    create('td', ban.why || '-'),
    create('td', ban.outcome),
    untilCell(ban.expiresAt),
  ];
  // On a telephone what does not fit is cut off.
  for (const cell of cells) cell.title = cell.textContent;
  const element = row(...cells);
  if (className !== '') element.className = className;
  return element;
}

/** The parts that a telephone leaves out are elements of their own. */
function timeCell(time: string): HTMLTableCellElement {
  const text = formatTime(time);
  const cell = create('td');
  cell.append(brief(text.slice(0, 5)), text.slice(5, 16), brief(text.slice(16)));
  return cell;
}

function brief(part: string): HTMLSpanElement {
  return create('span', part, 'brief');
}

/** To the minute. */
function untilCell(expiresAt: string | null | undefined): HTMLTableCellElement {
  if (expiresAt === undefined) return create('td', '-');
  if (expiresAt === null) return create('td', 'forever');
  const text = formatTime(expiresAt);
  const cell = create('td', '', 'until');
  cell.append(text.slice(0, 10), brief(text.slice(10, 16)));
  return cell;
}
