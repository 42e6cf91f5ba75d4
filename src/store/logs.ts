import type { Seconds } from '../blocklist/entry.ts';
import { isSeconds, isWhole } from '../validation/time-text.ts';
import type { Cell, Connection, Row } from './connection.ts';
import { LikelyProxies } from './likely-proxies.ts';
import { damagedRow } from './store-error.ts';
import { isOptionalSeconds } from './value.ts';

/** A log that was read. */
export interface ReadLog {
  /** SHA-256 of its decompressed content: 32 bytes. */
  readonly digest: Uint8Array;
  /** The name under which it was read. */
  readonly name: string;
  /** The size of the decompressed content. */
  readonly bytes: number;
  readonly lines: number;
  /** Undefined if no line is an event. */
  readonly firstEvent: Seconds | undefined;
  readonly lastEvent: Seconds | undefined;
  readonly readAt: Seconds;
  /** SHA-256 of its first line, which stays the same while the log grows. */
  readonly head: Uint8Array;
}

const COLUMNS = 'digest, name, bytes, lines, first_event, last_event, read_at, head';

const RECORD = `INSERT OR REPLACE INTO log (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** The logs that were read; none is read twice. */
export class Logs {
  /** What some of them show that may be a proxy. */
  readonly likelyProxies: LikelyProxies;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.likelyProxies = new LikelyProxies(connection);
  }

  /** The log with this content, whatever its name. */
  find(digest: Uint8Array): ReadLog | undefined {
    const row = this.#connection.row(`SELECT ${COLUMNS} FROM log WHERE digest = ?`, digest);
    return row && logOfRow(row);
  }

  /** The logs that begin with this line, the longest first. */
  withHead(head: Uint8Array): Pick<ReadLog, 'bytes' | 'digest'>[] {
    return this.#connection
      .rows(`SELECT ${COLUMNS} FROM log WHERE head = ? ORDER BY bytes DESC`, head)
      .map(logOfRow)
      .map(({ bytes, digest }) => ({ bytes, digest }));
  }

  /**
   * Replaces the name and the time of a known log.
   * @param instead the digest of a shorter part of the same log, which is removed
   */
  record(log: ReadLog, instead?: Uint8Array): void {
    if (instead !== undefined) this.#connection.run('DELETE FROM log WHERE digest = ?', instead);
    const cells: Cell[] = [log.digest, log.name, log.bytes, log.lines];
    cells.push(log.firstEvent ?? null, log.lastEvent ?? null, log.readAt, log.head);
    this.#connection.run(RECORD, ...cells);
  }

  /** The one that was read last. */
  latest(): ReadLog | undefined {
    const row = this.#connection.row(`SELECT ${COLUMNS} FROM log ORDER BY read_at DESC LIMIT 1`);
    return row && logOfRow(row);
  }

  /** When the log was last read under this name. */
  lastRead(name: string): Seconds | undefined {
    const [time] = this.#connection.row('SELECT max(read_at) FROM log WHERE name = ?', name) ?? [];
    return isSeconds(time) ? time : undefined;
  }

  /** By digest. */
  *all(): IterableIterator<ReadLog> {
    for (const row of this.#connection.rows(`SELECT ${COLUMNS} FROM log ORDER BY digest`)) {
      yield logOfRow(row);
    }
  }
}

function logOfRow(row: Row): ReadLog {
  const [digest, name, bytes, lines, first, last, readAt, head] = row;
  const [firstEvent, lastEvent] = [first ?? undefined, last ?? undefined];
  if (
    !(digest instanceof Uint8Array && head instanceof Uint8Array) ||
    typeof name !== 'string' ||
    !(isWhole(bytes) && isWhole(lines) && isSeconds(readAt)) ||
    !(isOptionalSeconds(firstEvent) && isOptionalSeconds(lastEvent))
  ) {
    throw damagedRow('log', String(name), 'bad field');
  }
  return { digest, name, bytes, lines, firstEvent, lastEvent, readAt, head };
}
