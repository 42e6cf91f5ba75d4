import { byId, create, row, rowHead } from './dom.ts';
import { formatAge, formatCount, formatSince } from './format.ts';
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
  const element = byId('state');
  const text = `state: ${state}`;
  // Screen readers speak each change of it.
  if (element.textContent !== text) element.textContent = text;
  element.className = isGood ? '' : 'bad';
  document.title = `mcblock: ${state}`;
}

function factsOf(status: StatusJson): readonly (readonly [string, string])[] {
  const { lastNumber, queue, lastError } = status;
  return [
    ['Connected since', formatSince(status.connectedSince)],
    ['Last message', formatSince(status.lastMessageAt)],
    ['Last change number', lastNumber === null ? '-' : formatCount(lastNumber)],
    ['Changes behind the API', lagText(status)],
    ['API last asked', formatSince(status.caughtUpAt)],
    ['Queued', `${formatCount(queue.blocks)} blocks, ${formatCount(queue.commands)} commands`],
    ...(lastError === null ? [] : [['Last error', lastError] as const]),
  ];
}

function lagText({ apiError, lag }: StatusJson): string {
  if (apiError !== null) return `unknown: ${apiError}`;
  if (lag === null) return '-';
  return lag === 0 ? 'none' : formatCount(lag);
}

function channelRow([name, channel]: readonly [string, ChannelJson]): HTMLTableRowElement {
  const refused = Object.entries(channel.refused).map(
    ([reason, count]) => `${reason} ${formatCount(count)}`,
  );
  return row(
    rowHead(name),
    create('td', formatCount(channel.received), 'number'),
    create('td', formatCount(channel.accepted), 'number'),
    create('td', refused.join(', ') || '-'),
  );
}
