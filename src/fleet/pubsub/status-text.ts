import type { Seconds } from '../../blocklist/entry.ts';
import { timeText } from '../../validation/time-text.ts';
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

/** Prometheus's text format 0.0.4. */
export function metricsText(status: SubscriberStatus): string {
  const { channels, queues, caughtUp } = status;
  const lines = [
    ...gauge('connected', 'Whether Redis is connected.', status.isConnected ? 1 : 0),
    ...gauge(
      'connected_since_seconds',
      'When Redis was connected, 0 if it is not.',
      status.connectedSince ?? 0,
    ),
    ...gauge('start_time_seconds', 'When the daemon was started.', status.startedAt),
    ...gauge(
      'last_message_seconds',
      'When the last message was received.',
      status.lastMessageAt ?? 0,
    ),
    ...gauge('waiting_blocks', 'Bans waiting to be stored.', queues.blocks),
    ...gauge('waiting_commands', 'Commands running or waiting.', queues.commands),
    ...gauge(
      'last_number',
      'The number of the last change from the API.',
      caughtUp?.lastNumber ?? 0,
    ),
    ...gauge('lag', 'Changes that the API has beyond that.', caughtUp?.behind ?? 0),
    ...gauge('api_failed', 'Whether the last request to the API failed.', status.apiError ? 1 : 0),
    ...gauge(
      'caught_up_seconds',
      'When the API was last asked, 0 if never.',
      status.caughtUpAt ?? 0,
    ),
    ...header('connections_total', 'counter', 'Connections to Redis.'),
    `mcblock_pubsub_connections_total ${status.connections}`,
    ...header('messages_total', 'counter', 'Messages received.'),
    ...Array.from(channels, ([name, { received }]) => {
      return `mcblock_pubsub_messages_total{channel=${label(name)}} ${received}`;
    }),
    ...header('accepted_total', 'counter', 'Messages accepted.'),
    ...Array.from(channels, ([name, { accepted }]) => {
      return `mcblock_pubsub_accepted_total{channel=${label(name)}} ${accepted}`;
    }),
    ...header('refused_total', 'counter', 'Messages refused, by reason.'),
    ...Array.from(channels, ([name, { refused }]) =>
      Array.from(refused, ([why, count]) => {
        return `mcblock_pubsub_refused_total{channel=${label(name)},reason=${label(why)}} ${count}`;
      }),
    ).flat(),
  ];
  return `${lines.join('\n')}\n`;
}

function gauge(name: string, help: string, value: number): string[] {
  return [...header(name, 'gauge', help), `mcblock_pubsub_${name} ${value}`];
}

function header(name: string, type: 'gauge' | 'counter', help: string): string[] {
  return [`# HELP mcblock_pubsub_${name} ${help}`, `# TYPE mcblock_pubsub_${name} ${type}`];
}

function label(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

function sumOfRefused({ channels }: SubscriberStatus): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { refused } of channels.values()) {
    for (const [why, count] of refused) sums[why] = (sums[why] ?? 0) + count;
  }
  return sums;
}

function timeOrNull(at: Seconds | undefined): string | null {
  return at === undefined ? null : timeText(at);
}
