const FIRST_MILLISECONDS = 100;
const MAX_MILLISECONDS = 2000;

/**
 * The pause before the next attempt to connect, in milliseconds. It doubles up to 2 s; a random half
 * of it keeps a fleet from reconnecting all at once.
 * @param attempt 0 for the first
 * @param random from 0 up to, but not including, 1
 */
export function backoff(attempt: number, random: number): number {
  const whole = Math.min(FIRST_MILLISECONDS * 2 ** Math.min(attempt, 16), MAX_MILLISECONDS);
  return Math.round(whole / 2 + (whole / 2) * random);
}
