import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { timeText } from '../../validation/time-text.ts';

/** A ban as the page shows it. */
export interface ShownBan {
  readonly at: Seconds;
  readonly prefix: Prefix;
  /** The host that told of it, or the channel where it did not say who it is. */
  readonly from: string;
  /** Such as `sshd: failed-login 3`. */
  readonly why: string;
  readonly outcome: string;
  readonly expiresAt: Expiry | undefined;
}

/** What the page shows of the blocklist. */
export interface PageData {
  /** The latest first. */
  readonly bans: readonly ShownBan[];
  readonly active: number;
  /** Of these, of IPv6, which the map does not show. */
  readonly active6: number;
  /** How many active entries each origin has. */
  readonly byOrigin: ReadonlyMap<Origin, number>;
  /** As spaceMap gives it. */
  readonly map: Uint8Array;
}

/** `expiresAt` null for ever, left out where it is not known. */
export function banJson({ at, prefix, from, why, outcome, expiresAt }: ShownBan): object {
  const shown = { at: timeText(at), prefix: formatPrefix(prefix), from, why, outcome };
  if (expiresAt === undefined) return shown;
  return { ...shown, expiresAt: expiresAt === 'forever' ? null : timeText(expiresAt) };
}

/** Everything but the map, which is fetched as bytes. */
export function pageJson({ bans, active, active6, byOrigin }: PageData): object {
  return { active, active6, byOrigin: Object.fromEntries(byOrigin), bans: bans.map(banJson) };
}
