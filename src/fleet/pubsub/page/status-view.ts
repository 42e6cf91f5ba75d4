import { byId, create, row, rowHead } from './dom.ts';
import { formatAge, formatCount, formatSince } from './format.ts';
import { showSummary } from './head.ts';
import type { ChannelJson, StatusJson } from './json.ts';

const MAX_SENDERS = 12;

export function showStatus(status: StatusJson): void {
  showState(status.state, status.state === 'connected');
  byId('facts').replaceChildren(
    ...factsOf(status).flatMap(([name, value]) => [create('dt', name), create('dd', value)]),
  );
  const senders = status.senders.toSorted((p, q) => q.bans - p.bans).slice(0, MAX_SENDERS);
  byId('senders').replaceChildren(
    ...senders.map(({ sender, bans, lastAt }) =>
      row(
        rowHead(sender),
        create('td', formatCount(bans), 'number'),
        create('td', formatAge(lastAt)),
      ),
    ),
  );
  byId('no-senders').hidden = senders.length > 0;
  byId('by-sender').hidden = senders.length === 0;
  byId('counts').replaceChildren(...Object.entries(status.channels).map(channelRow));
}

export function showState(state: string, isGood: boolean): void {
  showSummary(`state: ${state}`, isGood);
  document.title = `mcblock: ${state}`;
}

function factsOf(status: StatusJson): readonly (readonly [string, string])[] {
  const { lastNumber, queue, lastError } = status;
  return [
    ['Connected since', formatSince(status.connectedSince)],
    ['Last message', formatSince(status.lastMessageAt)],
    ['API', lagText(status)],
    ['Last change', lastNumber === null ? '-' : formatCount(lastNumber)],
    ['Refused', refusedText(status.refused)],
    ['Queued', `${formatCount(queue.blocks)} blocks, ${formatCount(queue.commands)} commands`],
    ...(lastError === null ? [] : [['Last error', lastError] as const]),
  ];
}

function lagText({ apiError, lag, caughtUpAt }: StatusJson): string {
  if (apiError !== null) return `not reached: ${apiError}`;
  if (lag === null) return '-';
  const state = lag === 0 ? 'up to date' : `${formatCount(lag)} changes behind`;
  return `${state}, asked ${formatSince(caughtUpAt)}`;
}

function channelRow([name, channel]: readonly [string, ChannelJson]): HTMLTableRowElement {
  return row(
    rowHead(name),
    create('td', formatCount(channel.received), 'number'),
    create('td', formatCount(channel.accepted), 'number'),
    create('td', refusedText(channel.refused)),
  );
}

/** `forged 3, duplicate 1` */
function refusedText(refused: ChannelJson['refused']): string {
  const parts = Object.entries(refused).map(([reason, count]) => `${reason} ${formatCount(count)}`);
  return parts.join(', ') || 'none';
}
