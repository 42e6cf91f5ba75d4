import { timeOrNull, timeText } from '../../validation/time-text.ts';
import type { StatusJson } from './page/json.ts';
import type { SubscriberStatus } from './status.ts';

/** Exactly one line, for check_http. */
export function stateText(status: SubscriberStatus): string {
  return `state: ${status.isConnected ? 'connected' : 'disconnected'}\n`;
}

export function statusJson(status: SubscriberStatus): StatusJson {
  const { caughtUp, queues } = status;
  return {
    state: status.isConnected ? 'connected' : 'disconnected',
    startedAt: timeText(status.startedAt),
    connectedSince: timeOrNull(status.connectedSince),
    connections: status.connections,
    lastError: status.lastError ?? null,
    lastMessageAt: timeOrNull(status.lastMessageAt),
    latencySeconds: status.latencySeconds ?? null,
    lastNumber: caughtUp?.lastNumber ?? null,
    lag: caughtUp?.behind ?? null,
    caughtUpAt: timeOrNull(status.caughtUpAt),
    apiError: status.apiError ?? null,
    queue: queues,
    refused: sumOfRefused(status),
    senders: Array.from(status.senders, ([sender, { bans, lastAt }]) => {
      return { sender, bans, lastAt: timeText(lastAt) };
    }),
    channels: Object.fromEntries(
      Array.from(status.channels, ([name, count]) => [
        name,
        {
          received: count.received,
          accepted: count.accepted,
          refused: Object.fromEntries(count.refused),
          lastMessageAt: timeOrNull(count.lastMessageAt),
        },
      ]),
    ),
  };
}

function sumOfRefused({ channels }: SubscriberStatus): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { refused } of channels.values()) {
    for (const [why, count] of refused) sums[why] = (sums[why] ?? 0) + count;
  }
  return sums;
}
