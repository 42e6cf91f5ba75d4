import { counter, gauge, lastNumber, type Metric } from '../../prometheus.ts';
import type { SubscriberStatus } from './status.ts';

/** The metrics of `listen`. */
export function statusMetrics(status: SubscriberStatus): Metric[] {
  const { channels, queues, caughtUp } = status;
  const all = [...channels];
  return [
    gauge('mcblock_pubsub_connected', 'Whether Redis is connected.', status.isConnected ? 1 : 0),
    gauge(
      'mcblock_pubsub_connected_since_seconds',
      'When Redis was connected, 0 if it is not.',
      status.connectedSince ?? 0,
    ),
    gauge('mcblock_pubsub_start_time_seconds', 'When the daemon was started.', status.startedAt),
    gauge(
      'mcblock_pubsub_last_message_seconds',
      'When the last message was received.',
      status.lastMessageAt ?? 0,
    ),
    gauge('mcblock_pubsub_waiting_blocks', 'Bans waiting to be stored.', queues.blocks),
    gauge('mcblock_pubsub_waiting_commands', 'Commands running or waiting.', queues.commands),
    lastNumber(caughtUp?.lastNumber ?? 0),
    gauge('mcblock_pubsub_lag', 'Changes that the API has beyond that.', caughtUp?.behind ?? 0),
    gauge(
      'mcblock_pubsub_api_failed',
      'Whether the last request to the API failed.',
      status.apiError ? 1 : 0,
    ),
    gauge(
      'mcblock_pubsub_caught_up_seconds',
      'When the API was last asked, 0 if never.',
      status.caughtUpAt ?? 0,
    ),
    counter('mcblock_pubsub_connections_total', 'Connections to Redis.', status.connections),
    counter(
      'mcblock_pubsub_messages_total',
      'Messages received.',
      all.map(([channel, { received }]) => ({ labels: { channel }, value: received })),
    ),
    counter(
      'mcblock_pubsub_accepted_total',
      'Messages accepted.',
      all.map(([channel, { accepted }]) => ({ labels: { channel }, value: accepted })),
    ),
    counter(
      'mcblock_pubsub_refused_total',
      'Messages refused, by reason.',
      all.flatMap(([channel, { refused }]) =>
        Array.from(refused, ([reason, value]) => ({ labels: { channel, reason }, value })),
      ),
    ),
  ];
}
