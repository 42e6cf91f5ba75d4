import {
  type Entry,
  type Expiry,
  isActive,
  type Origin,
  type Seconds,
} from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import {
  ALLOW_REPORT,
  BLOCK_REPORT,
  EXPIRE_REPORT,
  OFFENCE_REPORT,
  WITHDRAW_REPORT,
} from '../validation/reports.ts';
import type { Connection } from './connection.ts';
import { keyOf } from './key.ts';

/** A change other than an offence that is shared with the fleet. */
export type Announcement =
  | {
      readonly type: 'block';
      readonly prefix: Prefix;
      /** Undefined: the penalty decides. */
      readonly until: Expiry | undefined;
      readonly exact: boolean;
      readonly note: string;
    }
  | { readonly type: 'allow'; readonly prefix: Prefix; readonly note: string }
  | { readonly type: 'expire'; readonly prefix: Prefix }
  | { readonly type: 'withdraw'; readonly prefix: Prefix }
  | { readonly type: 'disallow'; readonly prefix: Prefix };

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
  /** If more reports wait, the oldest are dropped and counted. */
  readonly most: number;
  readonly now: () => Seconds;
}

const ORIGIN = `
SELECT origin FROM activation WHERE family = ? AND length = ? AND network = ? AND number = ?`;
const MAX_REASONS = 10;
const PUT = 'INSERT INTO outbox (key, prefix, report) VALUES (?, ?, ?)';
// Reports are sent and removed in order, so that ids give the number of waiting ones.
const PRUNE = 'DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox) - ?';
const WAITING = `
SELECT id, key, report FROM outbox WHERE id > ? AND refusal IS NULL ORDER BY id LIMIT ?`;
const SET_ASIDE = 'UPDATE outbox SET refusal = ?, refused_revision = ? WHERE id = ?';
const DEFER = 'UPDATE outbox SET refusal = ?, retry_at = ? WHERE id = ?';
const WAIT = 'UPDATE outbox SET refusal = NULL, refused_revision = NULL, retry_at = NULL';
const RETRY = `${WAIT} WHERE refusal IS NOT NULL AND refused_revision <> ?`;
const RETRY_DEFERRED = `${WAIT} WHERE refusal IS NOT NULL AND retry_at <= ?`;
const FORGET_SET_ASIDE = 'DELETE FROM outbox WHERE prefix = ? AND refusal IS NOT NULL';
const FORGET_END = `
DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox WHERE prefix = ?)
AND report ->> 'type' IN ('expire', 'withdraw')`;
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
  readonly #connection: Connection;
  readonly #options: OutboxOptions | undefined;
  /** What this machine activated or prolonged in the transaction with this number. */
  readonly #seenHere = new Set<string>();
  #transaction = -1;

  /** @param options undefined without a fleet: then no offences are shared */
  constructor(connection: Connection, options: OutboxOptions | undefined) {
    this.#connection = connection;
    this.#options = options;
  }

  /** To be called for each recorded activation, before its evidence is added. */
  activated({ prefix, activations }: Entry, origin: Origin): void {
    if (this.#options === undefined) return;
    if (this.#transaction !== this.#connection.transactions) this.#seenHere.clear();
    this.#transaction = this.#connection.transactions;
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
  }

  /** The oldest reports after this id. */
  after(id: number, most: number): OutboxItem[] {
    return this.#connection.rows(WAITING, id, most).map(([number, key, report]) => ({
      id: Number(number),
      key: String(key),
      report: JSON.parse(String(report)) as OutboxItem['report'],
    }));
  }

  /** Removes reports that the server has. */
  remove(ids: Iterable<number>): void {
    this.#connection.together(() => {
      for (const id of ids) this.#connection.run('DELETE FROM outbox WHERE id = ?', id);
    });
  }

  /** Drops the reports about an entry, which are no longer true. */
  forget(prefix: Prefix): void {
    this.#connection.run('DELETE FROM outbox WHERE prefix = ?', formatPrefix(prefix));
  }

  /** Drops the latest report about an entry if that ends the block. */
  forgetEnd(prefix: Prefix): void {
    this.#connection.run(FORGET_END, formatPrefix(prefix));
  }

  get isEmpty(): boolean {
    return this.#connection.row('SELECT 1 FROM outbox LIMIT 1') === undefined;
  }

  /** The number of reports that wait to be sent. */
  size(): number {
    return this.#count('refusal IS NULL');
  }

  /** Keeps a report that the API refused for its form, so that it does not hold back the others. */
  setAside(id: number, reason: string, revision: number): void {
    this.#connection.run(SET_ASIDE, reason, revision, id);
  }

  /** Lets the reports wait again that another revision of the API refused. */
  retrySetAside(revision: number): void {
    this.#connection.run(RETRY, revision);
  }

  /** Keeps reports that the API will take later, until then. */
  defer(ids: readonly number[], reason: string, until: Seconds): void {
    for (const id of ids) this.#connection.run(DEFER, reason, until, id);
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
    this.#connection.run(PUT, crypto.randomUUID(), formatPrefix(about), JSON.stringify(report));
    if (this.#options === undefined) return;
    const dropped = this.#connection.run(PRUNE, this.#options.most);
    if (dropped > 0) this.#connection.run(COUNT_DROPPED, dropped);
  }
}

function reportOf(announcement: Announcement): unknown {
  switch (announcement.type) {
    case 'block':
      return BLOCK_REPORT.write({ ...announcement, key: undefined });
    case 'expire':
      return EXPIRE_REPORT.write({ ...announcement, type: 'expire', key: undefined });
    case 'withdraw':
      return WITHDRAW_REPORT.write({ ...announcement, type: 'withdraw', key: undefined });
    case 'allow':
      return { type: 'allow', ...(ALLOW_REPORT.write(announcement) as object) };
    case 'disallow':
      return { type: 'disallow', ...(ALLOW_REPORT.write({ ...announcement, note: '' }) as object) };
  }
}
