import type { Expiry, Seconds } from '../blocklist/entry.ts';

/** The last second that a Date can hold: 13 September 275760. */
const LAST_SECOND = 8_640_000_000_000;
const DAY_SECONDS = 86_400;
const TIME = /^(?:\d{4}|\+\d{6})-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const DAY = /^(?:\d{4}|\+\d{6})-\d\d-\d\d$/;

/** ISO 8601, UTC, to the second: 2026-03-19T23:48:18Z. */
export function timeText(at: Seconds): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}

/** What did not happen is null. */
export function timeOrNull(at: Seconds | undefined): string | null {
  return at === undefined ? null : timeText(at);
}

/** A block without end is null. */
export function expiryText(at: Expiry): string | null {
  return at === 'forever' ? null : timeText(at);
}

/** The inverse of {@link timeText}; undefined for anything else. */
export function parseTimeText(text: unknown): Seconds | undefined {
  const at = typeof text === 'string' && TIME.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  // Date.parse takes 31 February for 3 March.
  return isSeconds(at) && timeText(at) === text ? at : undefined;
}

/** A day since 1970 as 2026-03-19. */
export function dayText(day: number): string {
  return timeText(day * DAY_SECONDS).replace(/T.*$/, '');
}

/** The inverse of {@link dayText}; undefined for anything else. */
export function parseDayText(text: unknown): number | undefined {
  const isDay = typeof text === 'string' && DAY.test(text);
  const day = isDay ? Date.parse(text) / 1000 / DAY_SECONDS : Number.NaN;
  return isWhole(day) && dayText(day) === text ? day : undefined;
}

/** A whole number from 0 that SQLite and JavaScript represent alike. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isSeconds(value: unknown): value is Seconds {
  return isWhole(value) && value <= LAST_SECOND;
}
