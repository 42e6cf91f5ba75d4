import { McblockError } from '../errors.ts';
import type { Address } from '../net/address.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { isSeconds, isWhole } from './time-text.ts';

/** What a column holds in SQLite and PostgreSQL. */
export type SqlValue = string | number | null;

/** How a value is kept in a column. Times are UTC seconds outside of PostgreSQL. */
export interface SqlColumn<T> {
  readonly type: 'text' | 'integer' | 'time';
  toSql(value: T): SqlValue;
  /** Throws McblockError('store') for what no `toSql` returned. */
  fromSql(value: unknown): T;
}

export const TEXT_COLUMN: SqlColumn<string> = {
  type: 'text',
  toSql: (value) => value,
  fromSql: (value) => (typeof value === 'string' ? value : damaged('a text', value)),
};

/** A whole number from 1. */
export const COUNT_COLUMN: SqlColumn<number> = {
  type: 'integer',
  toSql: (value) => value,
  fromSql: (value) =>
    isWhole(value) && value > 0 ? value : damaged('a whole number from 1', value),
};

export const TIME_COLUMN: SqlColumn<number> = {
  type: 'time',
  toSql: (value) => value,
  fromSql: (value) => (isSeconds(value) ? value : damaged('a time', value)),
};

/** A whole number from 0; NULL for undefined. */
export const OPTIONAL_COLUMN: SqlColumn<number | undefined> = {
  type: 'integer',
  toSql: (value) => value ?? null,
  fromSql: (value) => {
    if (value === null || value === undefined) return undefined;
    return isWhole(value) ? value : damaged('a whole number', value);
  },
};

/** NULL for an empty text. */
export const OPTIONAL_TEXT_COLUMN: SqlColumn<string> = {
  type: 'text',
  toSql: (value) => (value === '' ? null : value),
  fromSql: (value) => {
    if (value === null || value === undefined) return '';
    return typeof value === 'string' ? value : damaged('a text', value);
  },
};

/** Empty for undefined: NULL cannot be part of a primary key. */
export const ADDRESS_COLUMN: SqlColumn<Address | undefined> = {
  type: 'text',
  toSql: (value) => (value === undefined ? '' : formatAddress(value)),
  fromSql: (value) => {
    if (value === '') return undefined;
    const address = typeof value === 'string' ? parseAddress(value) : undefined;
    return address ?? damaged('an address', value);
  },
};

function damaged(wanted: string, value: unknown): never {
  throw new McblockError('store', `${JSON.stringify(value)} is not ${wanted}`);
}
