import { byId, create, row, rowHead } from './dom.ts';
import { agoText, countText, sinceText } from './format.ts';
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
      row(rowHead(sender), create('td', countText(bans), 'number'), create('td', agoText(lastAt))),
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
    ['Connected since', sinceText(status.connectedSince)],
    ['Last message', sinceText(status.lastMessageAt)],
    ['Last change number', lastNumber === null ? '-' : countText(lastNumber)],
    ['Changes behind the API', lagText(status)],
    ['API last asked', sinceText(status.caughtUpAt)],
    ['Queued', `${countText(queue.blocks)} blocks, ${countText(queue.commands)} commands`],
    ...(lastError === null ? [] : [['Last error', lastError] as const]),
  ];
}

function lagText({ apiError, lag }: StatusJson): string {
  if (apiError !== null) return `unknown: ${apiError}`;
  if (lag === null) return '-';
  return lag === 0 ? 'none' : countText(lag);
}

function channelRow([name, channel]: readonly [string, ChannelJson]): HTMLTableRowElement {
  const refused = Object.entries(channel.refused).map(
    ([reason, count]) => `${reason} ${countText(count)}`,
  );
  return row(
    rowHead(name),
    create('td', countText(channel.received), 'number'),
    create('td', countText(channel.accepted), 'number'),
    create('td', refused.join(', ') || '-'),
  );
}
