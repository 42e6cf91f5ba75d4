import {
  emptyReading,
  NO_MATCH,
  type Reading,
  type Scanner,
} from '../../grammar/notation/scanner.ts';
import { emptyHeader, type Header, type HeaderReader, readHeader } from './header/header.ts';
import { ownHeaderOf } from './header/own-header.ts';
import { followsSelector } from './header/program-part.ts';
import { HostNames } from './hosts.ts';
import { LineSplitter } from './lines.ts';
import { Programs } from './programs.ts';
import { isSyslogd, readLastRepetition, readQuotedRepetition } from './repeat.ts';
import { MOST_MESSAGES } from './skim/assembly/memory-map.ts';
import { type Listener, Skimming } from './skim/skimming.ts';
import type { LogTime } from './time/clock.ts';
import { LineClock } from './time/line-clock.ts';
import type { CivilTime } from './time/zone.ts';

/**
 * nginx cuts a line of its error log here (NGX_MAX_ERROR_STR, less the newline), with a long user
 * name in the place of the address.
 */
const NGINX_LIMIT_BYTES = 2047;
/**
 * BusyBox's syslogd reads 255 bytes of a message unless it was built to read more, priority and time
 * among them (`<190>Mar 19 23:48:18 `), and OpenWrt's logd once did: so much at least is left of one
 * that they cut. They are known by the selector that they write before the program.
 */
const BUSYBOX_LIMIT_BYTES = 230;

/**
 * The line that is being read. One object is filled again for each line; what it holds is only to
 * be read during the call that hands it over.
 */
export interface Line {
  bytes: Buffer;
  start: number;
  end: number;
  /** From 1, and where the line begins in the decompressed stream. */
  number: number;
  offset: number;
  /**
   * Longer than the limit, ours or that of the service: its rest is gone, and it is not looked at
   * for messages.
   */
  cut: boolean;
  /** The line begins as log lines do; else all that follows here says nothing. */
  known: boolean;
  time: LogTime;
  readonly header: Header;
  /** The message, without what a repetition wraps around it. */
  messageStart: number;
  messageEnd: number;
  /** Index of the scanner that knows what was said, or may; -1 where none does. */
  service: number;
  /** The same, but of a program in whose name another speaks (PAM) it is the program's own. */
  speaker: number;
  /** The host and the process (-1: none); only where there is a service. */
  host: number;
  pid: number;
  /** What it said: index of its message, NO_MATCH or AMBIGUOUS. */
  message: number;
  readonly reading: Reading;
  /** How many events the line stands for. */
  count: number;
  /** The line tells of the line before once more; users then lie in that one's bytes. */
  repeatsLast: boolean;
}

/** Reads a stream of log lines: chunks in, one call a line out. Keeps no line. */
export class LogReader {
  readonly clock: LineClock;
  readonly hosts = new HostNames();
  readonly #scanners: readonly Scanner[];
  readonly #programs: Programs;
  readonly #readHeader: HeaderReader;
  /** The service whose own file it is; -1: a syslogd's. */
  readonly #owner: number;
  readonly #nginx: number;
  readonly #sink: (line: Line) => void;
  readonly #lines = new LineSplitter((bytes, start, end, offset, cut) =>
    this.#read(bytes, start, end, offset, cut),
  );
  readonly #line: Line = emptyLine();
  /** None where the sink gets all lines. */
  #skimming: Skimming | undefined;
  readonly #repetition = { count: 1, start: 0, end: 0 };
  /** The line before was of a known service: then `#line` still holds what it said. */
  #repeatable = false;

  /** `owner`: the service whose own file it is; else the log is what a syslogd writes. */
  constructor(
    scanners: readonly Scanner[],
    civil: CivilTime,
    owner: string | undefined,
    sink: (line: Line) => void,
  ) {
    const indexOf = (name: string | undefined): number =>
      scanners.findIndex(({ service }) => service === name);
    this.#scanners = scanners;
    this.#programs = new Programs(scanners);
    this.clock = new LineClock(civil);
    this.#owner = indexOf(owner);
    this.#nginx = indexOf('nginx');
    this.#readHeader = owner === undefined ? readHeader : ownHeaderOf(owner);
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#lines.finish();
  }

  /**
   * From now on the sink only gets lines that must be read with care; of the others the listener
   * hears.
   */
  passOver(listener: Listener): void {
    // The memory has room to count so many.
    if (this.#owner >= 0 || listener.interest.weights.length > MOST_MESSAGES) return;
    this.#skimming = new Skimming(this.#scanners, this.#programs, this.hosts, this, listener);
    this.#lines.skimmer = this.#skimming;
  }

  /** The lines that come count anew: none is passed over before one of its kind was read. */
  forgetPassed(): void {
    this.#skimming?.forget();
  }

  get line(): Line {
    return this.#line;
  }

  again(start: number, end: number): void {
    const line = this.#line;
    line.start = start;
    line.end = end;
    line.cut = false;
    line.count = 1;
    line.repeatsLast = false;
    this.#readHeaderOf(line);
    this.#scan(line);
  }

  #read(bytes: Buffer, from: number, end: number, offset: number, cut: boolean): void {
    const line = this.#line;
    // Telling the garbage collector of a reference costs more than to see that it is no new one.
    if (line.bytes !== bytes) line.bytes = bytes;
    line.start = from;
    line.end = end;
    line.number++;
    line.offset = offset;
    line.cut = cut;
    line.count = 1;
    line.repeatsLast = false;
    this.#readHeaderOf(line);
    if (!this.#repeatLast(line)) this.#scan(line);
    this.#skimming?.learn(line);
    this.#sink(line);
  }

  #readHeaderOf(line: Line): void {
    const { bytes, end, header } = line;
    // What a machine that lost its power may have left before the next line.
    while (line.start < end && bytes[line.start] === 0) line.start++;
    const isHeader = this.#readHeader(bytes, line.start, end, header);
    const time = isHeader ? this.clock.tick(header) : undefined;
    line.known = time !== undefined;
    if (time === undefined) return;
    line.time = time;
    line.messageStart = header.messageStart;
    line.messageEnd = end;
  }

  /** Whether the line only says that the line before came again, from the same host. */
  #repeatLast(line: Line): boolean {
    if (!this.#repeatable || !line.known || line.cut) return false;
    const { bytes, header } = line;
    if (header.programStart >= 0 && !isSyslogd(bytes, header.programStart, header.programEnd))
      return false;
    // After a line without a host, what looks like one is the first word of the message.
    const isHostless =
      line.host === 0 && header.programStart < 0 && header.hostEnd > header.hostStart;
    const start = isHostless ? header.hostStart : line.messageStart;
    if (!readLastRepetition(bytes, start, line.messageEnd, this.#repetition)) return false;
    const isSameHost =
      isHostless || this.hosts.id(bytes, header.hostStart, header.hostEnd) === line.host;
    if (!isSameHost) return false;
    line.count = this.#repetition.count;
    line.repeatsLast = true;
    return true;
  }

  #scan(line: Line): void {
    const { bytes, header } = line;
    line.message = NO_MATCH;
    const isNamed = line.known && header.programStart >= 0;
    const own = isNamed
      ? this.#programs.find(bytes, header.programStart, header.programEnd)
      : line.known
        ? this.#owner
        : -1;
    if (isNamed && line.messageEnd - header.programStart >= BUSYBOX_LIMIT_BYTES) {
      line.cut ||= followsSelector(bytes, line.start, header.programStart);
    }
    line.service = own >= 0 || !isNamed || line.cut ? own : this.#programs.others;
    if (own >= 0 && own === this.#nginx) {
      line.cut ||= line.messageEnd - line.messageStart >= NGINX_LIMIT_BYTES;
    }
    line.speaker = line.service;
    const scanner = this.#scanners[line.service];
    this.#repeatable = scanner !== undefined && !line.cut;
    if (scanner === undefined) return;
    line.host = this.hosts.id(bytes, header.hostStart, header.hostEnd);
    line.pid = header.pid;
    // What is left of a line that was cut could name an address that the whole line does not.
    if (line.cut) return;
    const repetition = this.#repetition;
    if (readQuotedRepetition(bytes, line.messageStart, line.messageEnd, repetition)) {
      line.messageStart = repetition.start;
      line.messageEnd = repetition.end;
      line.count = repetition.count;
    }
    line.message = scanner.scan(bytes, line.messageStart, line.messageEnd, line.reading);
    if (line.message !== NO_MATCH) return;
    if (own >= 0) {
      if (isNamed) this.#scanAsOther(line);
      return;
    }
    // It is of a program that nobody knows, and says nothing that any program says.
    line.service = -1;
    line.speaker = -1;
    this.#repeatable = false;
  }

  /**
   * What the grammar of a program does not know may be of another program with that name (imapd), or
   * what PAM says in its name.
   */
  #scanAsOther(line: Line): void {
    const { bytes, header, messageStart, messageEnd, reading } = line;
    for (const other of this.#programs.next(bytes, header.programStart, header.programEnd)) {
      const message = this.#scanners[other]?.scan(bytes, messageStart, messageEnd, reading);
      if (message === undefined || message === NO_MATCH) continue;
      line.service = other;
      line.message = message;
      return;
    }
  }
}

function emptyLine(): Line {
  return {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    number: 0,
    offset: 0,
    cut: false,
    known: false,
    time: 0,
    header: emptyHeader(),
    messageStart: 0,
    messageEnd: 0,
    service: -1,
    speaker: -1,
    host: 0,
    pid: -1,
    message: NO_MATCH,
    reading: emptyReading(),
    count: 1,
    repeatsLast: false,
  };
}
