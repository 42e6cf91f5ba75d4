import type { Offence, OffenceKind } from '../blocklist/offence.ts';
import { reasonOf } from '../errors.ts';
import { addressBytes } from '../net/address.ts';
import { lastAddress, type Prefix } from '../net/prefix.ts';
import {
  columnName,
  DETAIL_FIELDS,
  DETAIL_NAMES,
  type Details,
  type EvidenceField,
} from '../validation/evidence.ts';
import { detailsOf, offenceDetails } from '../validation/offence.ts';
import { COUNT_COLUMN, OPTIONAL_COLUMN, TIME_COLUMN } from '../validation/sql-column.ts';
import type { Cell, Connection, Row } from './connection.ts';
import { addressOfHex } from './key.ts';
import { damagedRow } from './store-error.ts';

const DETAILS = DETAIL_NAMES.map(columnName);
const KEY = ['family', 'address', 'at', ...detailsOfKind('key').map(columnName), 'user'].join(', ');
const COLUMNS = ['at', 'hex(address)', 'points', 'user', ...DETAILS].join(', ');
const WITHIN = 'WHERE family = ? AND address BETWEEN ? AND ?';

const NAMES = ['family', 'address', 'at', 'points', 'user', ...DETAILS];
const SUMMED = ['points', ...detailsOfKind('sum').map(columnName)];
const LEAST = detailsOfKind('least').map(columnName);
const LATEST = detailsOfKind('latest').map((name) => replaced(columnName(name)));
const ADD = [
  ...SUMMED.map((name) => `${name} = ${name} + excluded.${name}`),
  ...LEAST.map((name) => `${name} = min(${name}, excluded.${name})`),
  ...LATEST,
].join(', ');
const PUT = [...SUMMED, ...LEAST].map(replaced).concat(LATEST).join(', ');
const MOST = [
  ...SUMMED.map((name) => `${name} = max(${name}, excluded.${name})`),
  ...LEAST.map((name) => `${name} = min(${name}, excluded.${name})`),
  ...LATEST,
].join(', ');

/**
 * Offences of the last window: those that have not led to a block yet, and may do so together with
 * those of the next log (`pending`), or those that have, and are judged again with a login that comes
 * later (`spent`).
 */
export class Pending {
  readonly #connection: Connection;
  readonly #table: 'pending' | 'spent';
  readonly #insert: string;

  constructor(connection: Connection, table: 'pending' | 'spent' = 'pending') {
    this.#connection = connection;
    this.#table = table;
    this.#insert = `
INSERT INTO ${table} (${NAMES.join(', ')}) VALUES (${NAMES.map(() => '?').join(', ')})
ON CONFLICT (${KEY}) DO UPDATE SET `;
  }

  get isEmpty(): boolean {
    return this.#connection.row(`SELECT 1 FROM ${this.#table} LIMIT 1`) === undefined;
  }

  /** IPv4 first, by address, then by time. */
  all(): Offence[] {
    return readRows(this.#connection.rows(`SELECT ${COLUMNS} FROM ${this.#table} ORDER BY ${KEY}`));
  }

  /** Replaces all of them. Equal ones are added up. */
  replace(offences: Iterable<Offence>): void {
    this.#connection.together(() => {
      this.#connection.run(`DELETE FROM ${this.#table}`);
      for (const offence of offences) this.#write(ADD, offence);
    });
  }

  /** Removes and returns those from the prefix, by address, then by time. */
  take(prefix: Prefix): Offence[] {
    return this.#connection.together(() => {
      const taken = this.within(prefix);
      if (taken.length > 0) {
        this.#connection.run(`DELETE FROM ${this.#table} ${WITHIN}`, ...rangeOf(prefix));
      }
      return taken;
    });
  }

  /** Equal ones are added up. */
  add(offences: Iterable<Offence>): void {
    this.#connection.together(() => {
      for (const offence of offences) this.#write(ADD, offence);
    });
  }

  /** Removes those at least `windowSeconds` before the latest, and all but the `most` latest. */
  prune(windowSeconds: number, most: number): void {
    const table = this.#table;
    this.#connection.together(() => {
      this.#connection.run(
        `DELETE FROM ${table} WHERE at <= (SELECT max(at) FROM ${table}) - ?`,
        windowSeconds,
      );
      this.#connection.run(
        `DELETE FROM ${table} WHERE (${KEY}) IN
          (SELECT ${KEY} FROM ${table} ORDER BY at DESC LIMIT -1 OFFSET ?)`,
        most,
      );
    });
  }

  /** Equal ones are added up, but for those that were judged before: these may be here already. */
  addNew(offences: readonly Offence[]): void {
    this.#connection.together(() => {
      for (const offence of offences) if (offence.isJudged) this.#write(MOST, offence);
      for (const offence of offences) if (!offence.isJudged) this.#write(ADD, offence);
    });
  }

  /** Those from the prefix, by address, then by time. */
  within(prefix: Prefix): Offence[] {
    const sql = `SELECT ${COLUMNS} FROM ${this.#table} ${WITHIN} ORDER BY ${KEY}`;
    return readRows(this.#connection.rows(sql, ...rangeOf(prefix)));
  }

  /** Replaces an equal one. */
  put(offence: Offence): void {
    this.#write(PUT, offence);
  }

  #write(update: string, offence: Offence): void {
    const { at, address, points, user = 0 } = offence;
    const details = detailsOf(offence);
    const values = DETAIL_NAMES.map((name) => fieldOf(name).column.toSql(details[name]));
    const who = [address.family, addressBytes(address), at, points, user] as const;
    this.#connection.run(this.#insert + update, ...who, ...values);
  }
}

function rangeOf(prefix: Prefix): Cell[] {
  return [prefix.family, addressBytes(prefix), addressBytes(lastAddress(prefix))];
}

function detailsOfKind(merge: EvidenceField<unknown>['merge']): readonly (keyof Details)[] {
  return DETAIL_NAMES.filter((name) => fieldOf(name).merge === merge);
}

function replaced(column: string): string {
  return `${column} = excluded.${column}`;
}

/** Offences of the same kind share one object. */
function readRows(rows: readonly Row[]): Offence[] {
  const kinds = new Map<string, OffenceKind>();
  return rows.map((row) => {
    const offence = offenceOfRow(row);
    const key = JSON.stringify(offence.kind);
    const kind = kinds.get(key) ?? offence.kind;
    kinds.set(key, kind);
    return { ...offence, kind };
  });
}

function offenceOfRow([at, hex = null, points, user, ...cells]: Row): Offence {
  try {
    const values = DETAIL_NAMES.map((name, index) => [
      name,
      fieldOf(name).column.fromSql(cells[index]),
    ]);
    const address = addressOfHex(hex);
    if (address === undefined) throw new Error('not an address');
    return {
      at: TIME_COLUMN.fromSql(at),
      address,
      points: COUNT_COLUMN.fromSql(points),
      user: OPTIONAL_COLUMN.fromSql(user) || undefined,
      ...offenceDetails(Object.fromEntries(values)),
    };
  } catch (error) {
    throw damagedRow('pending', String(hex), reasonOf(error));
  }
}

function fieldOf(name: keyof Details): EvidenceField<unknown> {
  return DETAIL_FIELDS[name];
}
