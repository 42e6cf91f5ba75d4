import type { Seconds } from '../blocklist/entry.ts';
import type { Offence } from '../blocklist/offence.ts';
import { addressBytes } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';
import { hostPrefix, lastAddress, type Prefix } from '../net/prefix.ts';
import { PENDING_REPORT } from '../validation/reports.ts';
import type { Connection } from './connection.ts';

/** If more wait, the oldest are dropped: only together with others are they of any use. */
const MAX_REPORTS = 10_000;

/**
 * Of the key of an event, so many values are told: enough to tell the events of one second and network
 * apart, too few to confirm a guess at the line, and so at the user, to whoever has the server's store.
 */
const TOLD_KEYS = 2 ** 12;

const PUT = 'INSERT INTO pending_report (family, address, at, report) VALUES (?, ?, ?, ?)';
const PRUNE = 'DELETE FROM pending_report WHERE id <= (SELECT max(id) FROM pending_report) - ?';
const FORGET = 'DELETE FROM pending_report WHERE family = ? AND address BETWEEN ? AND ?';

/** A pending report that waits to be sent. */
interface WaitingReport {
  readonly id: number;
  readonly key: string;
  readonly report: Readonly<Record<string, unknown>>;
}

/** Offences without a block that this machine tells its fleet, until the server has them. */
export class PendingReports {
  readonly #connection: Connection;
  /** Otherwise nothing is put in, nor sent. */
  readonly isOn: boolean;

  constructor(connection: Connection, isOn: boolean) {
    this.#connection = connection;
    this.isOn = isOn;
  }

  /** Offences without a key are left out. */
  put(offences: Iterable<Offence>): void {
    if (!this.isOn) return;
    this.#connection.together(() => {
      for (const { at, address, points, count, kind, key } of offences) {
        if (key === undefined) continue;
        const { service, message } = kind;
        const event = `${at}-${(key % TOLD_KEYS).toString(36)}`;
        const fields = { key: event, address, at, service, message, points, count } as const;
        this.#add({ type: 'pending', ...fields });
      }
      this.#connection.run(PRUNE, MAX_REPORTS);
    });
  }

  /**
   * Drops what waits of the addresses of these offences, and takes back what was told of them.
   * @param find called only where anything is told
   */
  takeBack(find: () => readonly Offence[]): void {
    if (!this.isOn) return;
    const latest = new Map<string, Offence>();
    for (const one of find().toSorted((p, q) => p.at - q.at)) {
      latest.set(formatAddress(one.address), one);
    }
    for (const { address, at } of latest.values()) {
      this.forget(hostPrefix(address));
      const words = { service: 'mcblock', message: 'taken-back', points: 0, count: 1 };
      this.#add({ type: 'pending', key: `${at}-taken-back`, address, at, ...words });
    }
  }

  /** The oldest reports of offences after this time; those before it are dropped. */
  after(since: Seconds, most: number): WaitingReport[] {
    this.#connection.run('DELETE FROM pending_report WHERE at <= ?', since);
    const sql = 'SELECT id, report FROM pending_report ORDER BY id LIMIT ?';
    return this.#connection.rows(sql, most).map(([id, text]) => {
      const report = JSON.parse(String(text)) as WaitingReport['report'];
      return { id: Number(id), key: String(report['key']), report };
    });
  }

  /** Removes the reports up to this one. */
  removeTo(id: number): void {
    this.#connection.run('DELETE FROM pending_report WHERE id <= ?', id);
  }

  /** Drops those from a prefix that is blocked by now, whose offences are its evidence. */
  forget(prefix: Prefix): void {
    if (!this.isOn) return;
    const range = [addressBytes(prefix), addressBytes(lastAddress(prefix))] as const;
    this.#connection.run(FORGET, prefix.family, ...range);
  }

  #add(report: Parameters<typeof PENDING_REPORT.write>[0]): void {
    const { address, at } = report;
    const where = [address.family, addressBytes(address), at] as const;
    this.#connection.run(PUT, ...where, JSON.stringify(PENDING_REPORT.write(report)));
  }

  get isEmpty(): boolean {
    const sql = 'SELECT 1 FROM pending_report LIMIT 1';
    return !this.isOn || this.#connection.row(sql) === undefined;
  }
}
