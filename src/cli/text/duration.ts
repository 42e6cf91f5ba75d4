import type { Seconds } from '../../blocklist/entry.ts';
import { nounText } from '../../count-text.ts';
import { McblockError } from '../../errors.ts';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 } as const;

/** A date can be written so much later, from any time on that has four digits of a year. */
const MAX_SECONDS = 10_000 * UNIT_SECONDS.y;

/** Parses a duration such as `90d`, `12h`, `2w` or `1y` (365 days) into seconds; at most 10,000 years. */
export function parseDuration(text: string, what: string): Seconds {
  const match = /^(\d{1,9})([smhdwy])$/.exec(text);
  const seconds =
    Number(match?.[1]) * UNIT_SECONDS[(match?.[2] ?? 's') as keyof typeof UNIT_SECONDS];
  if (!match || seconds === 0 || seconds > MAX_SECONDS) {
    throw new McblockError(
      'usage',
      `${what} takes a duration such as 30m, 12h, 90d, 2w or 1y, not "${text}"`,
    );
  }
  return seconds;
}

/** A duration for people, rounded to its largest unit: `30 days`, `12 hours`. */
export function formatDuration(seconds: Seconds): string {
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.round(seconds / size);
    if (count >= 1 && seconds >= size) return nounText(count, unit, `${unit}s`);
  }
  return nounText(seconds, 'second', 'seconds');
}

/** A duration as {@link parseDuration} reads it, in the largest exact unit. */
export function shortDuration(seconds: Seconds): string {
  for (const [unit, size] of Object.entries(UNIT_SECONDS).toReversed()) {
    if (unit !== 'y' && unit !== 'w' && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
