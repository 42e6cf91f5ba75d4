import { hostname } from 'node:os';
import type { Seconds } from '../../blocklist/entry.ts';
import type { Notification } from '../../store/notifications.ts';
import type { Store } from '../../store/store.ts';
import { timeText } from '../../validation/time-text.ts';
import { HOUR_SECONDS } from './event.ts';

export interface SendResult {
  readonly sent: number;
  readonly leftOut: number;
}

/** What is sent of a notification: JSON of one line. */
export function notificationJson({ type, at, details }: Notification): string {
  return `${JSON.stringify({ type, at: timeText(at), host: hostname(), ...details })}\n`;
}

/**
 * Sends what waits, at most `limit` an hour. Where more waits, the last one that is sent says how many
 * of each type are left out. What cannot be sent waits for the next time. Throws what `deliver` throws.
 */
export async function sendNotifications(
  store: Store,
  deliver: (text: string) => Promise<void>,
  limit: number,
  now: Seconds,
): Promise<SendResult> {
  const { notifications } = store;
  notifications.prune(now);
  const waiting = notifications.waiting();
  const room = Math.max(0, limit - notifications.sentAfter(now - HOUR_SECONDS));
  const fits = waiting.length <= room;
  const ones = waiting.slice(0, fits ? room : Math.max(0, room - 1));
  for (const one of ones) {
    await deliver(notificationJson(one));
    notifications.settle([one.id], now, true);
  }
  if (fits || room === 0) return { sent: ones.length, leftOut: 0 };
  const [first, ...others] = waiting.slice(ones.length);
  if (first === undefined) return { sent: ones.length, leftOut: 0 };
  await deliver(notificationJson(leftOut([first, ...others], now)));
  // One of them stands for the message that was sent.
  notifications.settle([first.id], now, true);
  notifications.settle(
    others.map(({ id }) => id),
    now,
    false,
  );
  return { sent: ones.length + 1, leftOut: others.length + 1 };
}

function leftOut(all: readonly Notification[], at: Seconds): Notification {
  const counts: Record<string, number> = {};
  for (const { type } of all) counts[type] = (counts[type] ?? 0) + 1;
  const list = Object.entries(counts).map(([type, count]) => `${type} ${count}`);
  const text = `left out by notify.limit: ${list.join(', ')}`;
  return { type: 'left-out', at, details: { text, ...counts } };
}
