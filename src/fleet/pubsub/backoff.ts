const FIRST_MILLISECONDS = 100;
const MAX_MILLISECONDS = 2000;

/**
 * How long to wait before the next attempt to connect, in milliseconds: twice as long each time up
 * to 2 s, of which a random half, so that a fleet does not come back all at once. Never gives up.
 * @param attempt 0 for the first
 * @param random at least 0, below 1
 */
export function backoff(attempt: number, random: number): number {
  const whole = Math.min(FIRST_MILLISECONDS * 2 ** Math.min(attempt, 16), MAX_MILLISECONDS);
  return Math.round(whole / 2 + (whole / 2) * random);
}
