import { type Entry, isActive, type Origin, type Seconds } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import { OFFENCE_REPORT } from '../validation/reports.ts';
import { type Announcement, reportOf } from './announcement.ts';
import type { Commands } from './commands.ts';
import type { Connection } from './connection.ts';
import { keyOf, prefixOfRow } from './key.ts';
import { PendingReports } from './pending-reports.ts';

/** A report that waits to be sent. */
export interface OutboxItem {
  /** In the order in which the reports are sent. */
  readonly id: number;
  /** Identifies the report if it is sent again. */
  readonly key: string;
  /** As in version 2 of the API, without the key. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** Reports that the API did not take, which are sent again later. */
export interface SetAsideReports {
  readonly count: number;
  /** The most frequent ones first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

export interface OutboxOptions {
  /** If more reports wait, or were refused, the oldest are dropped and counted. */
  readonly most: number;
  readonly now: () => Seconds;
  /** Whether offences without a block are shared too. */
  readonly sharesPending?: boolean;
}

const ORIGIN = `
SELECT origin FROM activation WHERE family = ? AND length = ? AND network = ? AND number = ?`;
const MAX_REASONS = 10;
/** Of the prefixes that are put in at once. */
const MAX_UNSHARED = 250_000;
const PUT = 'INSERT INTO outbox (key, prefix, report, command) VALUES (?, ?, ?, ?)';
/** It was never refused. Such reports are sent and removed in order, so that ids give their number. */
const FRESH = 'refused_revision IS NULL AND retry_at IS NULL';
const PRUNE = `DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox) - ? AND ${FRESH}`;
/** Those that the API did not take have a bound of their own. */
const PRUNE_REFUSED = `
DELETE FROM outbox WHERE id IN (
  SELECT id FROM outbox WHERE refusal IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?)`;
const WAITING = `
SELECT id, key, report FROM outbox WHERE id > ? AND refusal IS NULL ORDER BY id LIMIT ?`;
const SET_ASIDE =
  'UPDATE outbox SET refusal = ?, refused_revision = ?, retry_at = NULL WHERE id = ?';
const DEFER = 'UPDATE outbox SET refusal = ?, retry_at = ?, refused_revision = NULL WHERE id = ?';
const WAIT = 'UPDATE outbox SET refusal = NULL';
const RETRY = `${WAIT} WHERE refusal IS NOT NULL AND refused_revision <> ?`;
const RETRY_DEFERRED = `${WAIT} WHERE refusal IS NOT NULL AND retry_at <= ?`;
/** Active entries of which the fleet was told nothing, and did not tell. */
const UNSHARED = `
FROM entry AS e JOIN activation AS a USING (family, length, network)
WHERE a.number = e.activations AND NOT a.shared AND a.origin NOT IN ('fleet', 'bogon')
  AND e.activated_at <= ? AND (e.expires_at IS NULL OR e.expires_at > ?)`;
const IDS = '(SELECT value FROM json_each(?))';
const REMOVE = `DELETE FROM outbox WHERE id IN ${IDS}`;
const SENT = `
UPDATE command SET sent = 1
WHERE sent = 0 AND id IN (SELECT command FROM outbox WHERE id IN ${IDS})`;
/** What the latest activation of an entry is marked with once its reports are put in. */
const SHARED = `
UPDATE activation SET shared = ? WHERE family = ? AND length = ? AND network = ?
AND number = (SELECT activations FROM entry AS e
  WHERE e.family = activation.family AND e.length = activation.length AND e.network = activation.network)`;
const TAKE_BACK = 'DELETE FROM outbox WHERE command = ? AND prefix = ?';
const FORGET_SET_ASIDE = 'DELETE FROM outbox WHERE prefix = ? AND refusal IS NOT NULL';
const MALFORMED = 'refusal IS NOT NULL AND retry_at IS NULL';
const DEFERRED = 'refusal IS NOT NULL AND retry_at IS NOT NULL';
const reasons = (which: string) => `
SELECT refusal, count(*) FROM outbox WHERE ${which}
GROUP BY refusal ORDER BY count(*) DESC, refusal LIMIT ?`;
const COUNT_DROPPED = `
INSERT INTO outbox_dropped VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET count = count + excluded.count`;

/**
 * What this machine tells its fleet, until the server has it. What is put in stands or falls with
 * the transaction in which it is put in.
 */
export class Outbox {
  /** Offences without a block. */
  readonly pending: PendingReports;
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #options: OutboxOptions | undefined;
  /** What this machine activated or prolonged in the transaction with this number. */
  readonly #seenHere = new Set<string>();
  #transaction = -1;

  /** @param options undefined without a fleet: then no offences are shared */
  constructor(connection: Connection, commands: Commands, options: OutboxOptions | undefined) {
    this.#connection = connection;
    this.#commands = commands;
    this.#options = options;
    this.pending = new PendingReports(connection, options?.sharesPending ?? false);
  }

  /** To be called for each recorded activation, before its evidence is added. */
  activated({ prefix, activations }: Entry, origin: Origin): void {
    if (this.#options === undefined) return;
    if (this.#transaction !== this.#connection.transactions) this.#seenHere.clear();
    this.#transaction = this.#connection.transactions;
    this.pending.forget(prefix);
    if (origin !== 'fleet') this.#seenHere.add(`${formatPrefix(prefix)} ${activations}`);
  }

  /**
   * Whether evidence for this activation is shared: its entry is active, and this machine activated
   * or prolonged it. What peers reported is known to the fleet.
   */
  isOurs(entry: Entry, activation: number): boolean {
    const { prefix } = entry;
    if (this.#options === undefined) return false;
    if (entry.activations !== activation || !isActive(entry, this.#options.now())) return false;
    const isSeenHere = this.#seenHere.has(`${formatPrefix(prefix)} ${activation}`);
    if (isSeenHere && this.#transaction === this.#connection.transactions) return true;
    return this.#connection.row(ORIGIN, ...keyOf(prefix), activation)?.[0] !== 'fleet';
  }

  /** Reports that the latest activation of the entry, made by a log of this machine, was withdrawn. */
  withdraw(prefix: Prefix): void {
    if (this.#options !== undefined) this.share({ type: 'withdraw', prefix });
  }

  /** @param about the prefix of the entry that was changed here */
  share(announcement: Announcement, about: Prefix = announcement.prefix): void {
    // Sent later, a report that is set aside would undo this one.
    this.#connection.run(FORGET_SET_ASIDE, formatPrefix(about));
    this.#put(about, reportOf(announcement));
    if (announcement.type === 'block') this.#mark(about, true);
  }

  /** Offences against an active entry, oldest first: the first ones led to the block. */
  shareOffences(prefix: Prefix, evidence: readonly Evidence[]): void {
    for (const row of evidence.toSorted((p, q) => p.lastSeen - q.lastSeen)) {
      const report = {
        ...row,
        type: 'offence',
        key: undefined,
        // Evidence without an address sums up many; the first of the prefix stands for them.
        address: row.address ?? prefix,
        prefix,
        at: row.lastSeen,
        origin: row.service === 'pf' ? 'pf' : 'grok',
      } as const;
      this.#put(prefix, OFFENCE_REPORT.write(report));
    }
    if (evidence.length > 0) this.#mark(prefix, true);
  }

  /** The oldest reports after this id. */
  after(id: number, most: number): OutboxItem[] {
    return this.#connection.rows(WAITING, id, most).map(([number, key, report]) => ({
      id: Number(number),
      key: String(key),
      report: JSON.parse(String(report)) as OutboxItem['report'],
    }));
  }

  /** Removes reports that the server has, and remembers whose they were. */
  sent(ids: readonly number[]): void {
    this.#connection.together(() => {
      this.#connection.run(SENT, JSON.stringify(ids));
      this.remove(ids);
    });
  }

  /** Removes reports. */
  remove(ids: readonly number[]): void {
    this.#connection.run(REMOVE, JSON.stringify(ids));
  }

  /** Drops the reports about an entry, which are no longer true. */
  forget(prefix: Prefix): void {
    this.#connection.run('DELETE FROM outbox WHERE prefix = ?', formatPrefix(prefix));
  }

  /**
   * Drops the reports that a command put in, which is undone.
   * @param isKept whether what it did to this entry stays
   * @returns how many were dropped
   */
  takeBack(command: number, isKept: (prefix: Prefix) => boolean): number {
    const sql = 'SELECT DISTINCT prefix FROM outbox WHERE command = ?';
    let dropped = 0;
    for (const text of this.#connection.column(sql, command).map(String)) {
      const prefix = parsePrefix(text);
      if (isKept(prefix)) continue;
      this.#mark(prefix, false);
      dropped += this.#connection.run(TAKE_BACK, command, text);
    }
    return dropped;
  }

  /** Whether the latest activation of the entry was put in. */
  has({ prefix, activations }: Entry): boolean {
    const sql =
      'SELECT shared FROM activation WHERE family = ? AND length = ? AND network = ? AND number = ?';
    return this.#connection.row(sql, ...keyOf(prefix), activations)?.[0] === 1;
  }

  /** The number of active entries of this machine that were never put in. Reads every entry. */
  countUnshared(at: Seconds): number {
    return Number(this.#connection.row(`SELECT count(*) ${UNSHARED}`, at, at)?.[0]);
  }

  /** Their prefixes, at most MAX_UNSHARED. */
  unshared(at: Seconds): Prefix[] {
    const sql = `SELECT family, length, hex(network) ${UNSHARED} LIMIT ?`;
    return this.#connection
      .rows(sql, at, at, MAX_UNSHARED)
      .map(([family = null, length = null, hex = null]) =>
        prefixOfRow('entry', family, length, hex),
      );
  }

  /** How many more reports can be put in before the oldest are dropped. */
  room(): number {
    const sql = `SELECT max(id) - min(id) + 1 FROM outbox WHERE ${FRESH}`;
    const row = this.#connection.row(sql);
    return Math.max(0, (this.#options?.most ?? 0) - Number(row?.[0] ?? 0));
  }

  /** The number of reports that wait to be sent. */
  size(): number {
    return this.#count('refusal IS NULL');
  }

  /** Keeps a report that the API refused for its form, so that it does not hold back the others. */
  setAside(id: number, reason: string, revision: number): void {
    this.#connection.run(SET_ASIDE, reason, revision, id);
    this.#prune(PRUNE_REFUSED);
  }

  /** Lets the reports wait again that another revision of the API refused. */
  retrySetAside(revision: number): void {
    this.#connection.run(RETRY, revision);
  }

  /** Keeps reports that the API will take later, until then. */
  defer(ids: readonly number[], reason: string, until: Seconds): void {
    for (const id of ids) this.#connection.run(DEFER, reason, until, id);
    this.#prune(PRUNE_REFUSED);
  }

  /** Lets the deferred reports wait again whose time has come. */
  retryDeferred(now: Seconds): void {
    this.#connection.run(RETRY_DEFERRED, now);
  }

  /** Those that the API refused for their form. */
  setAsideReports(): SetAsideReports {
    return this.#reports(MALFORMED);
  }

  /** Those that this machine may report only later. */
  deferredReports(): SetAsideReports {
    return this.#reports(DEFERRED);
  }

  #reports(which: string): SetAsideReports {
    const count = this.#count(which);
    const rows = count === 0 ? [] : this.#connection.rows(reasons(which), MAX_REASONS);
    return {
      count,
      reasons: rows.map(([reason, times]) => ({ reason: String(reason), count: Number(times) })),
    };
  }

  /** Returns and resets the number of dropped reports. */
  takeDropped(): number {
    return this.#connection.together(() => {
      const count = Number(this.#connection.row('SELECT count FROM outbox_dropped')?.[0] ?? 0);
      if (count > 0) this.#connection.run('DELETE FROM outbox_dropped');
      return count;
    });
  }

  #count(condition: string): number {
    const row = this.#connection.row(`SELECT count(*) FROM outbox WHERE ${condition}`);
    return Number(row?.[0] ?? 0);
  }

  #put(about: Prefix, report: unknown): void {
    const command = this.#commands.begun() ?? null;
    const row = [crypto.randomUUID(), formatPrefix(about), JSON.stringify(report), command];
    this.#connection.run(PUT, ...row);
    this.#prune(PRUNE);
  }

  #prune(sql: string): void {
    if (this.#options === undefined) return;
    const dropped = this.#connection.run(sql, this.#options.most);
    if (dropped > 0) this.#connection.run(COUNT_DROPPED, dropped);
  }

  #mark(prefix: Prefix, isShared: boolean): void {
    this.#connection.run(SHARED, Number(isShared), ...keyOf(prefix));
  }
}
