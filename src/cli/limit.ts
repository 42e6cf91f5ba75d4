import { InvalidArgumentError } from 'commander';

/** Parses --limit: a number from 1 to 999,999,999. */
export function parseLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit >= 1) return limit;
  throw new InvalidArgumentError('use a number such as 20');
}
