import type { Offence, OffenceKind } from '../blocklist/offence.ts';
import { addressBytes } from '../net/address.ts';
import { lastAddress, type Prefix } from '../net/prefix.ts';
import type { Connection, Row } from './connection.ts';
import { addressOfHex } from './key.ts';
import { damagedRow } from './store-error.ts';
import { isSeconds, isWhole } from './value.ts';

const COLUMNS = 'at, hex(address), points, count, service, message, log, host';
const ORDER = 'ORDER BY family, address, at, service, message, log, host';
const ALL = `SELECT ${COLUMNS} FROM pending ${ORDER}`;
const WITHIN = 'WHERE family = ? AND address BETWEEN ? AND ?';

const INSERT = `
INSERT INTO pending (family, address, at, service, message, log, host, points, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (family, address, at, service, message, log, host) DO UPDATE SET `;
const ADD = `${INSERT} points = points + excluded.points, count = count + excluded.count`;
const PUT = `${INSERT} points = excluded.points, count = excluded.count`;

/** Offences that made no block yet, and may make one together with those of the next log. */
export class Pending {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** IPv4 first, by address, then by time. */
  all(): Offence[] {
    const kinds = new Map<string, OffenceKind>();
    return this.#connection.rows(ALL).map((row) => offenceOfRow(row, kinds));
  }

  /** These take the place of all there are; those that are alike add up. */
  replace(offences: Iterable<Offence>): void {
    this.#connection.together(() => {
      this.#connection.run('DELETE FROM pending');
      for (const offence of offences) this.#write(ADD, offence);
    });
  }

  /** Takes those from the prefix out; by address, then by time. */
  take(prefix: Prefix): Offence[] {
    const range = [prefix.family, addressBytes(prefix), addressBytes(lastAddress(prefix))] as const;
    const kinds = new Map<string, OffenceKind>();
    return this.#connection.together(() => {
      const rows = this.#connection.rows(
        `SELECT ${COLUMNS} FROM pending ${WITHIN} ${ORDER}`,
        ...range,
      );
      if (rows.length > 0) this.#connection.run(`DELETE FROM pending ${WITHIN}`, ...range);
      return rows.map((row) => offenceOfRow(row, kinds));
    });
  }

  /** Those that are alike add up. */
  add(offences: Iterable<Offence>): void {
    this.#connection.together(() => {
      for (const offence of offences) this.#write(ADD, offence);
    });
  }

  /** Drops those that are no less than so long before the latest, and all but the `most` latest. */
  prune(windowSeconds: number, most: number): void {
    this.#connection.together(() => {
      this.#connection.run(
        'DELETE FROM pending WHERE at <= (SELECT max(at) FROM pending) - ?',
        windowSeconds,
      );
      this.#connection.run(
        'DELETE FROM pending WHERE at <= (SELECT at FROM pending ORDER BY at DESC LIMIT 1 OFFSET ?)',
        most,
      );
    });
  }

  /** Takes the place of one that is alike. */
  put(offence: Offence): void {
    this.#write(PUT, offence);
  }

  #write(sql: string, { at, address, points, count, kind }: Offence): void {
    const { service, message, log, host } = kind;
    const key = [address.family, addressBytes(address), at, service, message, log, host] as const;
    this.#connection.run(sql, ...key, points, count);
  }
}

function offenceOfRow(row: Row, kinds: Map<string, OffenceKind>): Offence {
  const [at, hex, points, count, ...words] = row;
  const address = addressOfHex(hex ?? null);
  if (!address || !isSeconds(at) || !isWhole(points) || !isWhole(count)) {
    throw damagedRow('pending', String(hex), 'it is no address, time or number');
  }
  const key = JSON.stringify(words);
  let kind = kinds.get(key);
  if (kind === undefined) {
    const [service = '', message = '', log = '', host = ''] = words.map(String);
    kind = { service, message, log, host };
    kinds.set(key, kind);
  }
  return { at, address, points, count, kind };
}
