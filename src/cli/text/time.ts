import type { Expiry, Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { expiryText, isSeconds } from '../../validation/time-text.ts';
import { parseDuration } from './duration.ts';

const DAY_SECONDS = 86_400;
const ISO_8601 =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Parses ISO 8601 (UTC unless it has a zone) or `@SECONDS` since 1970. */
export function parseTime(text: string, what: string): Seconds {
  const seconds = tryTime(text);
  if (seconds === undefined) {
    throw new McblockError(
      'usage',
      `${what} takes a time such as 2026-03-24, 2026-03-24T18:00:00Z or @1774375200, not "${text}"`,
    );
  }
  return seconds;
}

/** Parses a time as {@link parseTime} does, or a duration before now such as `1d`. */
export function parsePast(text: string, what: string, now: Seconds): Seconds {
  if (/^\d+[smhdwy]$/.test(text)) return Math.max(0, now - parseDuration(text, what));
  const at = tryTime(text);
  if (at !== undefined) return at;
  throw new McblockError(
    'usage',
    `${what} takes a time such as 2026-03-24 or 2026-03-24T18:00Z, or how long ago it was, such as 12h or 7d, not "${text}"`,
  );
}

/** Parses --since and --until as {@link parsePast} does. Throws McblockError('usage'). */
export function parseSpan(
  options: { readonly since?: string; readonly until?: string },
  now: Seconds,
): { readonly since: Seconds | undefined; readonly until: Seconds | undefined } {
  const [since, until] = (['since', 'until'] as const).map((name) => {
    const time = options[name];
    return time === undefined ? undefined : parsePast(time, `--${name}`, now);
  });
  if (since !== undefined && until !== undefined && since >= until) {
    throw new McblockError('usage', '--since must be before --until');
  }
  return { since, until };
}

/** ISO 8601, UTC, in whole seconds; as in JSON, null for "forever" and for what did not happen. */
export function isoTime(at: Expiry | undefined): string | null {
  return at === undefined ? null : expiryText(at);
}

/** For people: `forever`, or `until 2026-03-24 18:00 UTC`. */
export function untilText(at: Expiry): string {
  return at === 'forever' ? at : `until ${shortTime(at)} UTC`;
}

/** For people: `2026-03-24 18:00`, UTC. */
export function shortTime(at: Expiry | undefined): string {
  if (at === undefined) return '-';
  if (at === 'forever') return 'forever';
  const day = Math.floor(at / DAY_SECONDS);
  const minute = Math.floor((at - day * DAY_SECONDS) / 60);
  return `${dayText(day)} ${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`;
}

/** Cache: a long table has few different days. */
const DAYS = new Map<number, string>();
const DAYS_LIMIT = 1000;

function dayText(day: number): string {
  const known = DAYS.get(day);
  if (known !== undefined) return known;
  if (DAYS.size === DAYS_LIMIT) DAYS.clear();
  // The first toISOString() of a process takes a millisecond.
  const date = new Date(day * DAY_SECONDS * 1000);
  const parts = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const text = parts.map(twoDigits).join('-');
  DAYS.set(day, text);
  return text;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function tryTime(text: string): Seconds | undefined {
  return text.startsWith('@') ? epochSeconds(text.slice(1)) : isoSeconds(text);
}

function epochSeconds(text: string): Seconds | undefined {
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}

function isoSeconds(text: string): Seconds | undefined {
  if (!ISO_8601.test(text)) return undefined;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  const milliseconds = Date.parse(
    text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}${zoned ? '' : 'Z'}`,
  );
  // Date.parse reads 30 February as 2 March: a valid date is written back unchanged.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(milliseconds) || Number.isNaN(day.getTime())) return undefined;
  if (!day.toISOString().startsWith(text.slice(0, 10))) return undefined;
  const seconds = Math.floor(milliseconds / 1000);
  return isSeconds(seconds) ? seconds : undefined;
}
