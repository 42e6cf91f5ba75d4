import type { Seconds } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';

import type { FleetRow } from '../fleet-row.ts';
import type {
  Changed,
  EntryHistory,
  FleetAllowed,
  FleetChange,
  FleetSnapshot,
  FleetStore,
  SnapshotQuery,
} from '../fleet-store.ts';
import { mergeChanged } from '../merge-changed.ts';
import {
  ACTIVATION_COLUMNS,
  ALLOWED_COLUMNS,
  activationOfRow,
  allowedOfRow,
  evidenceOfRow,
  FLEET_ENTRY_COLUMNS,
  FLEET_EVIDENCE_COLUMNS,
  fleetEntryOfRow,
  rowOfUser,
  USER_COLUMNS,
  userOfRow,
} from '../rows.ts';
import type { User, UserChange, UserKey } from '../user.ts';
import { USER_KEY_COLUMNS, userKeyOfRow } from '../user-key-row.ts';
import { allowedOf, changeFleet, fleetEntryOf, selectRows, sequenceOf } from './change.ts';
import type { SqliteConnection, SqliteValue } from './connection.ts';
import { SqliteFleetFeeds } from './feeds.ts';
import { migrateFleet } from './schema.ts';
import { type Query, selection, UPDATE_USER, UPSERT_USER } from './statements.ts';

/** The fleet's store in an SQLite file. */
export class SqliteFleetStore implements FleetStore {
  readonly feeds: SqliteFleetFeeds;
  readonly #connection: SqliteConnection;

  /** Migrates the database to the newest version. */
  constructor(connection: SqliteConnection) {
    migrateFleet(connection);
    this.#connection = connection;
    this.feeds = new SqliteFleetFeeds(connection);
  }

  async sequence(): Promise<number> {
    return sequenceOf(this.#connection);
  }

  async identity(): Promise<string> {
    return String(this.#connection.row('SELECT identity FROM fleet')?.[0]);
  }

  async renewIdentity(): Promise<void> {
    this.#connection.run('UPDATE fleet SET identity = lower(hex(randomblob(16)))');
  }

  async change(
    wanted: SnapshotQuery,
    decide: (snapshot: FleetSnapshot) => FleetChange,
  ): Promise<void> {
    this.#connection.transaction(() => changeFleet(this.#connection, wanted, decide));
  }

  async changesSince(sequence: number, limit: number): Promise<readonly Changed[]> {
    const which = 'WHERE sequence > ? ORDER BY sequence LIMIT ?';
    return this.#snapshot(() => {
      const entries = this.#rows(
        selection(FLEET_ENTRY_COLUMNS, `FROM entry ${which}`),
        sequence,
        limit,
      );
      const allowed = this.#rows(
        selection(ALLOWED_COLUMNS, `FROM allowed ${which}`),
        sequence,
        limit,
      );
      return mergeChanged(entries.map(fleetEntryOfRow), allowed.map(allowedOfRow), limit);
    });
  }

  async allowed(): Promise<readonly FleetAllowed[]> {
    return allowedOf(this.#connection);
  }

  async history(prefix: Prefix): Promise<EntryHistory | undefined> {
    const key = formatPrefix(prefix);
    const of = 'WHERE prefix = ? ORDER BY';
    return this.#snapshot(() => {
      const held = fleetEntryOf(this.#connection, key);
      if (held === undefined) return undefined;
      const activations = this.#rows(
        selection(ACTIVATION_COLUMNS, `FROM activation ${of} number`),
        key,
      );
      const order = 'activation, first_seen, reported_by, kind, address, message';
      const evidence = this.#rows(
        selection(FLEET_EVIDENCE_COLUMNS, `FROM evidence ${of} ${order}`),
        key,
      );
      return {
        ...held,
        activations: [...activations.map(activationOfRow), held.activation],
        evidence: evidence.map(evidenceOfRow),
      };
    });
  }

  async countClaimed(at: Seconds): Promise<number> {
    const sql = 'SELECT count(DISTINCT prefix) FROM claim WHERE until IS NULL OR until > ?';
    return Number(this.#connection.row(sql, at)?.[0]);
  }

  async user(name: string): Promise<User | undefined> {
    return this.#rows(selection(USER_COLUMNS, 'FROM user WHERE name = ?'), name).map(userOfRow)[0];
  }

  async users(): Promise<readonly User[]> {
    return this.#rows(selection(USER_COLUMNS, 'FROM user ORDER BY name')).map(userOfRow);
  }

  async keys(): Promise<readonly UserKey[]> {
    const which = "FROM user WHERE disabled = 0 AND key <> '' ORDER BY name";
    return this.#rows(selection(USER_KEY_COLUMNS, which)).map(userKeyOfRow);
  }

  async setKey(name: string, key: string, at: Seconds): Promise<string> {
    const connection = this.#connection;
    return connection.transaction(() => {
      const before = String(connection.row('SELECT key FROM user WHERE name = ?', name)?.[0] ?? '');
      if (before !== key) {
        connection.run('UPDATE user SET key = ?, key_since = ? WHERE name = ?', key, at, name);
      }
      return before;
    });
  }

  async putUser(user: User): Promise<void> {
    this.#connection.run(UPSERT_USER, ...rowOfUser(user));
  }

  async changeUser(name: string, { password, disabled }: UserChange): Promise<boolean> {
    const isDisabled = disabled === undefined ? null : Number(disabled);
    return this.#connection.run(UPDATE_USER, password ?? null, isDisabled, name) > 0;
  }

  async removeUser(name: string): Promise<boolean> {
    return this.#connection.run('DELETE FROM user WHERE name = ?', name) > 0;
  }

  async forgetKeys(before: Seconds): Promise<number> {
    return this.#connection.run('DELETE FROM report_key WHERE at < ?', before);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #snapshot<T>(read: () => T): T {
    const end = this.#connection.snapshot();
    try {
      return read();
    } finally {
      end();
    }
  }

  #rows(query: Query, ...values: readonly SqliteValue[]): FleetRow[] {
    return selectRows(this.#connection, query, ...values);
  }
}
