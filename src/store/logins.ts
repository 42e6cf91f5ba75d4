import type { Seconds } from '../blocklist/entry.ts';
import type { UserHash } from '../blocklist/offence.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import type { Login } from '../blocklist/trust.ts';
import { type Address, addressBytes } from '../net/address.ts';
import { lastAddress, type Prefix } from '../net/prefix.ts';
import { isSeconds, isWhole } from '../validation/time-text.ts';
import type { Connection, Row } from './connection.ts';
import { addressOfHex } from './key.ts';
import { EVERYTHING } from './pages.ts';
import { damagedRow } from './store-error.ts';
import { isOptionalSeconds } from './value.ts';

/** Only the latest logins are kept. */
const MAX_LOGINS = 65_536;
/** Logins further apart are not one span, as by default no trust lasts longer. */
const GAP_SECONDS = 30 * DAY_SECONDS;

const COLUMNS = 'hex(address), service, user, first, last, lost';

const RECORD = `
INSERT INTO login VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (family, address, service, user) DO UPDATE SET
  first = CASE
    WHEN excluded.first > last + ${GAP_SECONDS} THEN excluded.first
    WHEN excluded.last < first - ${GAP_SECONDS} THEN first
    ELSE min(first, excluded.first) END,
  last = max(last, excluded.last),
  lost = max(coalesce(lost, excluded.lost), coalesce(excluded.lost, lost))`;

const DISTRUST = `
UPDATE login SET lost = max(coalesce(lost, 0), ?) WHERE family = ? AND address = ?`;

const PRUNE = `
DELETE FROM login
WHERE last < (SELECT last FROM login ORDER BY last DESC LIMIT 1 OFFSET ${MAX_LOGINS - 1})`;

const WITHIN = `
SELECT ${COLUMNS} FROM login
WHERE family = ? AND address BETWEEN ? AND ? AND last >= ? ORDER BY address, service, user`;

const FIRST_SINCE = `
SELECT ${COLUMNS} FROM login WHERE first >= ? ORDER BY first DESC LIMIT ?`;

const FIRST = `SELECT ${COLUMNS} FROM login LIMIT ?`;

const KEY = 'WHERE family = ? AND address = ? AND service = ? AND user = ?';
const GET = `SELECT ${COLUMNS} FROM login ${KEY}`;
const REMOVE = `DELETE FROM login ${KEY}`;

type LoginKey = Pick<Login, 'address' | 'service' | 'user'>;

/** Accepted logins, by address, service and user. */
export class LoginTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Adds logins, up to the latest 65,536. */
  record(logins: Iterable<Login>): void {
    this.#connection.together(() => {
      let count = 0;
      for (const { address, service, user = 0, first, last, lost = null } of logins) {
        const key = [address.family, addressBytes(address), service, user] as const;
        this.#connection.run(RECORD, ...key, first, last, lost);
        count++;
      }
      if (count > 0) this.#connection.run(PRUNE);
    });
  }

  /** The login of one user of a service from one address. */
  get({ address, service, user = 0 }: LoginKey): Login | undefined {
    const row = this.#connection.row(GET, address.family, addressBytes(address), service, user);
    return row && loginOfRow(row);
  }

  remove({ address, service, user = 0 }: LoginKey): void {
    this.#connection.run(REMOVE, address.family, addressBytes(address), service, user);
  }

  /** The address loses its trust at this time. */
  distrust(address: Address, at: Seconds): void {
    this.#connection.run(DISTRUST, at, address.family, addressBytes(address));
  }

  /** The logins from the prefix of which the last is at or after `since`, by address. */
  within(prefix: Prefix, since: Seconds): Login[] {
    const [first, last] = [addressBytes(prefix), addressBytes(lastAddress(prefix))];
    return this.#connection.rows(WITHIN, prefix.family, first, last, since).map(loginOfRow);
  }

  /** Those of which the first is at or after `since`, the latest of them, at most `limit`. */
  firstSince(since: Seconds, limit: number): Login[] {
    return this.#connection.rows(FIRST_SINCE, since, limit).map(loginOfRow);
  }

  /** At most `limit` logins. */
  first(limit: number): Login[] {
    return this.#connection.rows(FIRST, limit).map(loginOfRow);
  }

  /** IPv4 first, by address. */
  all(): Login[] {
    return EVERYTHING.flatMap((prefix) => this.within(prefix, 0));
  }

  /** The hashes of all users that logged in. */
  users(): Set<number> {
    return new Set(this.#connection.column('SELECT DISTINCT user FROM login').map(Number));
  }

  /** The key of the hashes of users. */
  userKey(): Uint8Array {
    const key = this.#connection.row('SELECT hex(key) FROM user_key')?.[0];
    if (typeof key !== 'string') throw damagedRow('user_key', '1', 'missing');
    return Buffer.from(key, 'hex');
  }
}

function loginOfRow([hex, service, user, first, last, lost]: Row): Login {
  const address = addressOfHex(hex ?? null);
  const lostAt = lost ?? undefined;
  if (!address || typeof service !== 'string' || !isWhole(user)) {
    throw damagedRow('login', String(hex), 'bad address, service or user');
  }
  if (!isSeconds(first) || !isSeconds(last) || !isOptionalSeconds(lostAt)) {
    throw damagedRow('login', String(hex), 'bad time');
  }
  return { address, service, user: userOfCell(user), first, last, lost: lostAt };
}

function userOfCell(cell: number): UserHash {
  return cell === 0 ? undefined : cell;
}
