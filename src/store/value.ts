import type { Expiry, Seconds } from '../blocklist/entry.ts';
import { isSeconds } from '../validation/time-text.ts';
import type { Cell } from './connection.ts';

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
