import type { Seconds } from '../../blocklist/entry.ts';
import type { Usage } from '../../blocklist/user-usage.ts';
import type { Family } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { FleetRow } from '../fleet-row.ts';
import type {
  Changed,
  EntryHistory,
  EvidenceCount,
  FleetAllowed,
  FleetChange,
  FleetEntry,
  FleetSnapshot,
  FleetStore,
  ReportKey,
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
  rowOfActivation,
  rowOfAllowed,
  rowOfEvidence,
  rowOfFleetEntry,
  rowOfUser,
  USER_COLUMNS,
  userOfRow,
} from '../rows.ts';
import { coveringKeys, lengthsOf } from '../supernet-keys.ts';
import { activeOfRows, rowsOfUsage, USAGE_COLUMNS, usageOfRows } from '../usage-rows.ts';
import type { User, UserKey } from '../user.ts';
import { USER_KEY_COLUMNS, userKeyOfRow } from '../user-key-row.ts';
import type { SqliteConnection, SqliteValue } from './connection.ts';
import { migrateFleet } from './schema.ts';
import {
  ACTIVE_AT,
  ADD_ACTIVATION,
  ADD_EVIDENCE,
  COUNT_EVIDENCE,
  GET_ENTRY,
  PUT_ALLOWED,
  PUT_ENTRY,
  PUT_USAGE,
  type Query,
  selection,
  UPSERT_USER,
} from './statements.ts';

/** The fleet's store in an SQLite file. */
export class SqliteFleetStore implements FleetStore {
  readonly #connection: SqliteConnection;

  /** Migrates the database to the newest version. */
  constructor(connection: SqliteConnection) {
    migrateFleet(connection);
    this.#connection = connection;
  }

  async sequence(): Promise<number> {
    return this.#sequence();
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
    this.#connection.transaction(() => {
      const supernets = this.#supernets(wanted.prefixes);
      const past = {
        sequence: this.#sequence(),
        entries: [...supernets, ...this.#activeBesides(supernets, wanted.activeAt)],
        evidenceCounts: supernets.map((held) => this.#evidenceCount(held)),
        usage: this.#usage(wanted.users),
        activeOf: this.#activeOf(wanted.counted, wanted.now),
        allowed: this.#allowed(),
        keys: wanted.keys.filter((key) => this.#isKnown(key)),
      };
      this.#write(decide(past), past.sequence);
    });
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
    return this.#allowed();
  }

  async history(prefix: Prefix): Promise<EntryHistory | undefined> {
    const key = formatPrefix(prefix);
    const of = 'WHERE prefix = ? ORDER BY';
    return this.#snapshot(() => {
      const held = this.#get(key);
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

  #sequence(): number {
    return Number(this.#connection.row('SELECT sequence FROM fleet')?.[0]);
  }

  #allowed(): FleetAllowed[] {
    return this.#rows(selection(ALLOWED_COLUMNS, 'FROM allowed ORDER BY sequence')).map(
      allowedOfRow,
    );
  }

  #supernets(prefixes: readonly Prefix[]): FleetEntry[] {
    const lengths = new Map<Family, number[]>([
      [4, []],
      [6, []],
    ]);
    for (const [family, length] of this.#connection.rows('SELECT family, length FROM length')) {
      lengths.get(family === 4 ? 4 : 6)?.push(Number(length));
    }
    const found: FleetEntry[] = [];
    for (const prefix of coveringKeys(prefixes, lengths)) {
      const held = this.#get(formatPrefix(prefix));
      if (held !== undefined) found.push(held);
    }
    return found;
  }

  /** The other entries that are active at this time, if there is one. */
  #activeBesides(known: readonly FleetEntry[], at: Seconds | undefined): FleetEntry[] {
    if (at === undefined) return [];
    const keys = new Set(known.map(({ entry }) => formatPrefix(entry.prefix)));
    return this.#rows(selection(FLEET_ENTRY_COLUMNS, `FROM entry WHERE ${ACTIVE_AT}`), at, at)
      .filter((row) => !keys.has(String(row['prefix'])))
      .map(fleetEntryOfRow);
  }

  #get(key: string): FleetEntry | undefined {
    return this.#rows(GET_ENTRY, key).map(fleetEntryOfRow)[0];
  }

  #evidenceCount({ entry: { prefix, activations } }: FleetEntry): EvidenceCount {
    const row = this.#connection.row(COUNT_EVIDENCE, formatPrefix(prefix), activations);
    return { prefix, count: Number(row?.[0]) };
  }

  #usage(users: readonly string[]): ReadonlyMap<string, Usage> {
    const of = selection(USAGE_COLUMNS, 'FROM usage WHERE name = ?');
    return usageOfRows(users.flatMap((user) => this.#rows(of, user)));
  }

  #activeOf(users: readonly string[], at: Seconds): ReadonlyMap<string, PrefixList> {
    const of = selection(
      ['activated_by', 'prefix'],
      `FROM entry WHERE activated_by = ? AND ${ACTIVE_AT}`,
    );
    return activeOfRows(
      users,
      users.flatMap((user) => this.#rows(of, user, at, at)),
    );
  }

  #isKnown({ by, key }: ReportKey): boolean {
    const sql = 'SELECT 1 FROM report_key WHERE reported_by = ? AND key = ?';
    return this.#connection.row(sql, by, key) !== undefined;
  }

  #write(change: FleetChange, before: number): void {
    const { sequence, at, entries, allowed, past, evidence, keys, usage } = change;
    const connection = this.#connection;
    if (sequence !== before) connection.run('UPDATE fleet SET sequence = ?', sequence);
    for (const held of entries) connection.run(PUT_ENTRY, ...rowOfFleetEntry(held));
    for (const [family, length] of lengthsOf(entries)) {
      connection.run('INSERT OR IGNORE INTO length VALUES (?, ?)', family, length);
    }
    for (const row of allowed) connection.run(PUT_ALLOWED, ...rowOfAllowed(row));
    for (const row of past) connection.run(ADD_ACTIVATION, ...rowOfActivation(row));
    for (const row of evidence) connection.run(ADD_EVIDENCE, ...rowOfEvidence(row));
    for (const { by, key } of keys) {
      connection.run('INSERT INTO report_key VALUES (?, ?, ?)', by, key, at);
    }
    for (const row of rowsOfUsage(usage)) connection.run(PUT_USAGE, ...row);
  }

  #rows({ sql, columns }: Query, ...values: readonly SqliteValue[]): FleetRow[] {
    return this.#connection
      .rows(sql, ...values)
      .map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
  }
}
