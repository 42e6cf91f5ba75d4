import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { expiryText, timeText } from '../../validation/time-text.ts';
import type { BanJson, PageJson } from './page/json.ts';

export interface ShownBan {
  readonly at: Seconds;
  readonly prefix: Prefix;
  /** The host that published it, or the channel of a message that does not name its sender. */
  readonly from: string;
  /** For example `sshd: failed-login 3`. */
  readonly why: string;
  readonly outcome: string;
  readonly expiresAt: Expiry | undefined;
}

export interface PageData {
  /** The latest first. */
  readonly bans: readonly ShownBan[];
  readonly active: number;
  /** The IPv6 ones among them, which the map does not show. */
  readonly active6: number;
  /** Active entries by origin. */
  readonly byOrigin: ReadonlyMap<Origin, number>;
  /** The levels of the map of the whole space. */
  readonly map: Uint8Array;
}

export function banJson({ at, prefix, from, why, outcome, expiresAt }: ShownBan): BanJson {
  const shown = { at: timeText(at), prefix: formatPrefix(prefix), from, why, outcome };
  return expiresAt === undefined ? shown : { ...shown, expiresAt: expiryText(expiresAt) };
}

/** All but the map, which is fetched as bytes. */
export function pageJson({ bans, active, active6, byOrigin }: PageData): PageJson {
  return { active, active6, byOrigin: Object.fromEntries(byOrigin), bans: bans.map(banJson) };
}
