import type { Seconds } from '../blocklist/entry.ts';
import type { Login } from '../blocklist/protect.ts';
import { addressBytes } from '../net/address.ts';
import { lastAddress, type Prefix } from '../net/prefix.ts';
import { isSeconds } from '../validation/time-text.ts';
import type { Connection, Row } from './connection.ts';
import { addressOfHex } from './key.ts';
import { EVERYTHING } from './pages.ts';
import { damagedRow } from './store-error.ts';

const RECORD = `
INSERT INTO login VALUES (?, ?, ?)
ON CONFLICT (family, address) DO UPDATE SET at = max(at, excluded.at)`;

const WITHIN = `
SELECT hex(address), at FROM login
WHERE family = ? AND address BETWEEN ? AND ? AND at >= ? ORDER BY address`;

const FIRST = 'SELECT hex(address), at FROM login LIMIT ?';

/** The addresses of accepted logins. */
export class LoginTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Keeps the latest login of each address. */
  record(logins: Iterable<Login>): void {
    this.#connection.together(() => {
      for (const { address, at } of logins) {
        this.#connection.run(RECORD, address.family, addressBytes(address), at);
      }
    });
  }

  /** The logins from the prefix at or after `since`, by address. */
  within(prefix: Prefix, since: Seconds): Login[] {
    const [first, last] = [addressBytes(prefix), addressBytes(lastAddress(prefix))];
    return this.#connection.rows(WITHIN, prefix.family, first, last, since).map(loginOfRow);
  }

  /** At most `limit` logins. */
  first(limit: number): Login[] {
    return this.#connection.rows(FIRST, limit).map(loginOfRow);
  }

  /** IPv4 first, by address. */
  all(): Login[] {
    return EVERYTHING.flatMap((prefix) => this.within(prefix, 0));
  }
}

function loginOfRow([hex, at]: Row): Login {
  const address = addressOfHex(hex ?? null);
  if (!address || !isSeconds(at)) throw damagedRow('login', String(hex), 'bad address or time');
  return { address, at };
}
