import type { Origin, Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { nounText } from '../../count-text.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { Notification } from '../../store/notifications.ts';
import type { Store } from '../../store/store.ts';

export const HOUR_SECONDS = 3600;

/** An event that can be notified. It names addresses, prefixes and counts, nothing that a peer chose. */
export type NotifyEvent =
  /** A prefix wider than usual got an entry. */
  | { readonly type: 'wide-entry'; readonly prefix: Prefix; readonly origin: Origin }
  /** Entries made in the last hour. */
  | { readonly type: 'many-entries'; readonly entries: number }
  /** Somebody logged in from an address that had failed before. */
  | {
      readonly type: 'login-after-failures';
      readonly address: Address;
      readonly service: string;
      readonly failures: number;
    }
  /** The fleet deferred reports of this machine. */
  | { readonly type: 'over-budget'; readonly reports: number }
  /** The server of the fleet deferred reports of a member. */
  | { readonly type: 'member-over-budget'; readonly member: string; readonly reports: number }
  /** Doctor found a problem. `text` is printable. */
  | {
      readonly type: 'problem';
      readonly check: string;
      readonly text: string;
      /** Which of several logs it concerns. */
      readonly log: string | undefined;
    }
  /** A rule of the policy asks for it. */
  | {
      readonly type: 'rule';
      readonly rule: string;
      readonly prefix: Prefix;
      readonly activatedAt: Seconds;
    };

/** Those that can be chosen. A rule that asks for it is a choice already. */
export const NOTIFY_TYPES = [
  'wide-entry',
  'many-entries',
  'login-after-failures',
  'over-budget',
  'member-over-budget',
  'problem',
] as const satisfies readonly NotifyEvent['type'][];

export type NotifyType = (typeof NOTIFY_TYPES)[number];

/** Adds an event to those to be sent, unless it is known. */
export function notify(store: Store, event: NotifyEvent, at: Seconds): void {
  store.notifications.add(`${event.type} ${partsOf(event, at).key}`, notificationOf(event, at));
}

export function notificationOf(event: NotifyEvent, at: Seconds): Notification {
  return { type: event.type, at, details: partsOf(event, at).details };
}

/** What the same event has in common, and its details. */
function partsOf(
  event: NotifyEvent,
  at: Seconds,
): { readonly key: string | number; readonly details: Notification['details'] } {
  const [day, hour] = [Math.floor(at / DAY_SECONDS), Math.floor(at / HOUR_SECONDS)];
  switch (event.type) {
    case 'wide-entry': {
      const prefix = formatPrefix(event.prefix);
      const text = `new entry ${prefix}, origin ${event.origin}`;
      return { key: prefix, details: { text, prefix, origin: event.origin } };
    }
    case 'many-entries': {
      const text = `${event.entries} new entries in the last hour`;
      return { key: hour, details: { text, entries: event.entries } };
    }
    case 'login-after-failures': {
      const { service, failures } = event;
      const address = formatAddress(event.address);
      const text = `login from ${address} (${service}) after ${failures} failures`;
      return { key: `${address} ${day}`, details: { text, address, service, failures } };
    }
    case 'over-budget': {
      const text = `this machine is over its budget in the fleet: ${waitText(event.reports)}`;
      return { key: day, details: { text, reports: event.reports } };
    }
    case 'member-over-budget': {
      const { member, reports } = event;
      const text = `${member} is over its budget: ${waitText(reports)}`;
      return { key: `${member} ${day}`, details: { text, member, reports } };
    }
    case 'problem': {
      const text = `doctor: ${event.check}: ${event.text}`;
      const what = event.log === undefined ? event.check : `${event.check} ${event.log}`;
      return { key: `${what} ${day}`, details: { text, check: event.check } };
    }
    case 'rule': {
      const prefix = formatPrefix(event.prefix);
      const text = `rule ${event.rule} applied to ${prefix}`;
      return {
        key: `${event.rule} ${prefix} ${event.activatedAt}`,
        details: { text, prefix, rule: event.rule },
      };
    }
  }
}

function waitText(reports: number): string {
  return nounText(reports, 'report waits', 'reports wait');
}
