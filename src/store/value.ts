import type { Expiry, Seconds } from '../blocklist/entry.ts';
import type { Cell } from './connection.ts';

/** The last second that a Date can be: 13 September 275760. */
const LAST_SECOND = 8_640_000_000_000;

/** A number that SQLite and JavaScript count alike: whole, from 0. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isSeconds(value: unknown): value is Seconds {
  return isWhole(value) && value <= LAST_SECOND;
}

export function isOptionalSeconds(value: unknown): value is Seconds | undefined {
  return value === undefined || isSeconds(value);
}

export function isExpiry(value: unknown): value is Expiry {
  return value === 'forever' || isSeconds(value);
}

/** Forever is NULL in the store. */
export function cellOfExpiry(expiry: Expiry): Cell {
  return expiry === 'forever' ? null : expiry;
}

export function expiryOfCell(cell: Cell | undefined): unknown {
  return cell === null ? 'forever' : cell;
}
