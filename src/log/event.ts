import { AMBIGUOUS, NO_MATCH, type Scanner } from '../../grammar/notation/scanner.ts';
import { addressOf } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';
import { textOf } from './bytes.ts';
import type { HostNames } from './hosts.ts';
import type { Line } from './line.ts';
import { type PointsByMessage, PointsTable, pointsAlone } from './offences/points-table.ts';
import type { Calendar } from './time/clock.ts';

/** What one log line says, as `parse --json` prints it; null for what it does not say. */
export interface Event {
  /** From 1. */
  readonly line: number;
  /** ISO 8601, UTC. */
  readonly time: string | null;
  readonly host: string | null;
  readonly service: string | null;
  readonly pid: number | null;
  /** The name of the message, or `ambiguous` if two readings name different addresses. */
  readonly event: string | null;
  /** It counts against its address. */
  readonly offence: boolean;
  readonly points: number | null;
  readonly address: string | null;
  /** Invalid UTF-8 is replaced. */
  readonly user: string | null;
  /** How many events the line stands for. */
  readonly count: number;
}

/** Turns lines into events, in the order of the log. */
export class EventMaker {
  readonly #points: PointsTable;
  readonly #scanners: readonly Scanner[];
  readonly #calendar: () => Calendar;
  readonly #hosts: HostNames;
  #time = Number.NaN;
  #timeText = '';
  /** Of the line before, for a line that repeats it. */
  #user: string | null = null;

  constructor(
    scanners: readonly Scanner[],
    points: PointsByMessage,
    hosts: HostNames,
    calendar: () => Calendar,
  ) {
    this.#points = new PointsTable(scanners, points);
    this.#scanners = scanners;
    this.#hosts = hosts;
    this.#calendar = calendar;
  }

  make(line: Line): Event {
    const { reading } = line;
    const named = line.message >= 0;
    const address = named && reading.family !== 0;
    const points = address ? this.#pointsOf(line) : 0;
    if (!line.repeatsLast) this.#user = named ? userOf(line) : null;
    const service = this.#scanners[line.service];
    return {
      line: line.number,
      time: line.known ? this.#timeOf(line) : null,
      host: line.known ? this.#hostOf(line) : null,
      service: service?.service ?? null,
      pid: pidOf(line),
      event: nameOf(line, service),
      offence: points > 0,
      points: points > 0 ? points : null,
      address: address ? addressText(line) : null,
      user: this.#user,
      count: line.count,
    };
  }

  /** Of the line alone: `grok` knows which lines report the same attempt. */
  #pointsOf(line: Line): number {
    const message = this.#points.messages[this.#points.idOf(line)];
    return message ? pointsAlone(line, message) : 0;
  }

  #timeOf(line: Line): string {
    const at = this.#calendar().next(line.time);
    if (at !== this.#time) {
      this.#time = at;
      this.#timeText = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
    }
    return this.#timeText;
  }

  #hostOf({ bytes, header }: Line): string | null {
    return this.#hosts.name(this.#hosts.id(bytes, header.hostStart, header.hostEnd)) || null;
  }
}

function nameOf(line: Line, service: Scanner | undefined): string | null {
  if (line.message === NO_MATCH) return null;
  if (line.message === AMBIGUOUS) return 'ambiguous';
  return service?.messages[line.message]?.name ?? null;
}

function pidOf(line: Line): number | null {
  if (!line.known) return null;
  const pid = line.repeatsLast ? line.pid : line.header.pid;
  return pid < 0 ? null : pid;
}

function userOf({ bytes, reading }: Line): string | null {
  return reading.userStart < 0 ? null : textOf(bytes, reading.userStart, reading.userEnd);
}

function addressText({ reading }: Line): string {
  const { family, a, b, c, d } = reading;
  return formatAddress(addressOf(family === 4 ? 4 : 6, a, b, c, d));
}
