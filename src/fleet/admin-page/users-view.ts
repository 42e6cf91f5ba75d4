import { byId, create, row, rowHead } from '../pubsub/page/dom.ts';
import { formatAge, formatCount, formatTime } from '../pubsub/page/format.ts';
import { showSummary } from '../pubsub/page/head.ts';
import type { OverviewJson, UserJson } from './json.ts';
import { summaryOf } from './summary.ts';

const PERCENT = 100;

export function showUsers({ users, startedAt }: OverviewJson): void {
  const { text, isGood } = summaryOf({ users });
  showSummary(text, isGood);
  const machines = users
    .filter(({ isMachine }) => isMachine)
    .toSorted((p, q) => (q.lastAt ?? '').localeCompare(p.lastAt ?? ''));
  for (const id of ['since', 'refused-since'])
    byId(id).textContent = `${formatTime(startedAt)} UTC`;
  byId('machine-rows').replaceChildren(...machines.map(machineRow));
  const troubled = users.filter(isTroubled);
  byId('trouble-rows').replaceChildren(...troubled.map(troubleRow));
  byId('by-trouble').hidden = troubled.length === 0;
  byId('no-trouble').hidden = troubled.length > 0;
  byId('user-rows').replaceChildren(...users.map(userRow));
}

function machineRow(user: UserJson): HTMLTableRowElement {
  const { name, lastAt, isSilent, agent, active, why } = user;
  return row(
    rowHead(name),
    create('td', lastAt === null ? 'none yet' : formatAge(lastAt), isSilent ? 'bad' : ''),
    create('td', lagText(user), isSilent && user.lag !== 0 ? 'bad' : ''),
    create('td', agent.replace(/^mcblock\//, '') || '-'),
    create('td', formatCount(active), 'number'),
    create('td', why || '-'),
  );
}

function lagText({ lag }: UserJson): string {
  if (lag === null) return 'not asked';
  if (lag === 0) return 'up to date';
  return lag === 1 ? '1 behind' : `${formatCount(lag)} behind`;
}

function isTroubled({ refused, deferred, budget }: UserJson): boolean {
  return refused > 0 || deferred > 0 || (budget ?? 0) >= 1;
}

function troubleRow({ name, refused, deferred, budget, reason }: UserJson): HTMLTableRowElement {
  return row(
    rowHead(name),
    create('td', formatCount(refused), 'number'),
    create('td', formatCount(deferred), 'number'),
    create('td', budget === null ? '-' : `${Math.round(budget * PERCENT)} %`, 'number'),
    create('td', reason || '-'),
  );
}

function userRow({ name, scopes, widest, disabled, keySince }: UserJson): HTMLTableRowElement {
  return row(
    rowHead(name),
    create('td', disabled ? 'disabled' : scopes.join(', '), disabled ? 'bad' : ''),
    create('td', widest ?? 'no limit'),
    create('td', keySince === null ? 'none' : formatTime(keySince).slice(0, 10)),
  );
}
