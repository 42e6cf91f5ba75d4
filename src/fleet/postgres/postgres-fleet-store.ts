import type { Pool, PoolClient } from 'pg';
import type { Seconds } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { textField } from '../fleet-row.ts';
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
import { userKeyOfRow } from '../user-key-row.ts';
import { readPast, writeChange } from './change.ts';
import { columnsOf } from './columns.ts';
import { PostgresFleetFeeds } from './feeds.ts';
import { postgresError, Queries } from './queries.ts';
import { migratePostgres } from './schema.ts';
import {
  ALLOWED,
  CHANGE_USER,
  COUNT_CLAIMED,
  KEYS,
  PUT_USER,
  SET_KEY,
  selectFrom,
} from './statements.ts';

const MAX_CONNECTIONS = 8;
const PATIENCE_MILLISECONDS = 30_000;

/** Opens the fleet's store in a database (postgres://...) and migrates it to the newest version. */
export async function openPostgres(url: string): Promise<FleetStore> {
  // Loaded only here: no other command should pay for it.
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    // Statements sent together take one round trip, which is most of a small transaction.
    pipeline: true,
    application_name: 'mcblock',
    connectionTimeoutMillis: PATIENCE_MILLISECONDS / 3,
    statement_timeout: PATIENCE_MILLISECONDS,
    keepAlive: true,
  });
  // The pool replaces a connection that breaks while idle; of one in use the queries fail. Node ends
  // a process in which nobody listens for errors.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const store = new PostgresFleetStore(pool);
  try {
    await store.migrate();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The fleet's store in PostgreSQL. */
class PostgresFleetStore implements FleetStore {
  readonly feeds: PostgresFleetFeeds;
  readonly #pool: Pool;
  readonly #queries: Queries;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#queries = new Queries(pool);
    this.feeds = new PostgresFleetFeeds(this.#queries);
  }

  migrate(): Promise<void> {
    return this.#transaction(async (queries) => {
      await queries.script('BEGIN');
      await migratePostgres(queries);
    });
  }

  async sequence(): Promise<number> {
    const [row] = await this.#queries.rows(
      'SELECT sequence::float8 AS sequence FROM mcblock.fleet',
    );
    return Number(row?.['sequence']);
  }

  async identity(): Promise<string> {
    const [row] = await this.#queries.rows('SELECT identity FROM mcblock.fleet');
    return String(row?.['identity']);
  }

  async renewIdentity(): Promise<void> {
    await this.#queries.run('UPDATE mcblock.fleet SET identity = gen_random_uuid()::text');
  }

  async change(
    query: SnapshotQuery,
    decide: (snapshot: FleetSnapshot) => FleetChange,
  ): Promise<void> {
    await this.#connected(async (queries) => {
      const past = await readPast(queries, query);
      // After a failed write PostgreSQL turns the commit into a rollback.
      await Promise.all([writeChange(queries, decide(past)), queries.script('COMMIT')]);
    });
  }

  changesSince(sequence: number, limit: number): Promise<readonly Changed[]> {
    const which = 'WHERE t.sequence > $1 ORDER BY t.sequence LIMIT $2';
    return this.#snapshot(async (queries) => {
      const entries = await queries.rows(
        selectFrom('entry', FLEET_ENTRY_COLUMNS, which),
        sequence,
        limit,
      );
      const allowed = await queries.rows(
        selectFrom('allowed', ALLOWED_COLUMNS, which),
        sequence,
        limit,
      );
      return mergeChanged(entries.map(fleetEntryOfRow), allowed.map(allowedOfRow), limit);
    });
  }

  async allowed(): Promise<readonly FleetAllowed[]> {
    return (await this.#queries.rows(ALLOWED)).map(allowedOfRow);
  }

  history(prefix: Prefix): Promise<EntryHistory | undefined> {
    const key = formatPrefix(prefix);
    const of = 'WHERE prefix = $1::cidr ORDER BY';
    return this.#snapshot(async (queries) => {
      const [held] = await queries.rows(
        selectFrom('entry', FLEET_ENTRY_COLUMNS, `${of} prefix`),
        key,
      );
      if (held === undefined) return undefined;
      const latest = fleetEntryOfRow(held);
      const past = selectFrom('activation', ACTIVATION_COLUMNS, `${of} t.number`);
      const evidence = selectFrom(
        'evidence',
        FLEET_EVIDENCE_COLUMNS,
        `${of} t.activation, t.first_seen, reported_by, kind, address, message`,
      );
      return {
        ...latest,
        activations: [...(await queries.rows(past, key)).map(activationOfRow), latest.activation],
        evidence: (await queries.rows(evidence, key)).map(evidenceOfRow),
      };
    });
  }

  async countClaimed(at: Seconds): Promise<number> {
    return Number((await this.#queries.rows(COUNT_CLAIMED, at))[0]?.['count']);
  }

  async user(name: string): Promise<User | undefined> {
    const sql = selectFrom('"user"', USER_COLUMNS, 'WHERE name = $1');
    return (await this.#queries.rows(sql, name)).map(userOfRow)[0];
  }

  async users(): Promise<readonly User[]> {
    const sql = selectFrom('"user"', USER_COLUMNS, 'ORDER BY name COLLATE "C"');
    return (await this.#queries.rows(sql)).map(userOfRow);
  }

  async keys(): Promise<readonly UserKey[]> {
    return (await this.#queries.rows(KEYS)).map(userKeyOfRow);
  }

  async setKey(name: string, key: string, at: Seconds): Promise<string> {
    const [row] = await this.#queries.rows(SET_KEY, name, key, at);
    return row === undefined ? '' : textField(row, 'key');
  }

  async putUser(user: User): Promise<void> {
    await this.#queries.run(PUT_USER, ...columnsOf([rowOfUser(user)], USER_COLUMNS));
  }

  async changeUser(name: string, { password, disabled }: UserChange): Promise<boolean> {
    const isDisabled = disabled === undefined ? null : Number(disabled);
    return (await this.#queries.run(CHANGE_USER, name, password ?? null, isDisabled)) > 0;
  }

  async removeUser(name: string): Promise<boolean> {
    return (await this.#queries.run('DELETE FROM mcblock."user" WHERE name = $1', name)) > 0;
  }

  forgetKeys(before: Seconds): Promise<number> {
    return this.#queries.run('DELETE FROM mcblock.report_key WHERE at < to_timestamp($1)', before);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Reads a consistent snapshot. */
  #snapshot<T>(read: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#transaction(async (queries) => {
      await queries.script('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return read(queries);
    });
  }

  /** `work` begins the transaction. */
  #transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#connected(async (queries) => {
      const result = await work(queries);
      await queries.script('COMMIT');
      return result;
    });
  }

  /** Closes the connection on any failure, which rolls back its transaction. */
  async #connected<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      const result = await work(new Queries(client, true));
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw postgresError(error);
    }
  }
}
