import { NO_MATCH, type RequestRole, type Scanner } from '../../grammar/notation/scanner.ts';
import type { Prefix } from '../net/prefix.ts';
import { lineStart } from './bytes.ts';
import { setConnectionKey } from './connection-key.ts';
import type { HeaderReader } from './header/header.ts';
import { ownHeaderOf } from './header/own-header.ts';
import { followsSelector } from './header/program-part.ts';
import { readHeader } from './header/read-header.ts';
import { HostNames } from './hosts.ts';
import { emptyLine, type Line } from './line.ts';
import { LineSplitter } from './lines.ts';
import { Peers } from './peers.ts';
import { Programs } from './programs.ts';
import { isSyslogd, readLastRepetition, readQuotedRepetition } from './repeat.ts';
import { PathScans } from './requests/path-scans.ts';
import { LineClock } from './time/line-clock.ts';
import type { CivilTime } from './time/zone.ts';
import { TrustedProxies } from './trusted-proxies.ts';

const SPACE = 0x20;
/** nginx truncates a line of its error log here (NGX_MAX_ERROR_STR, less the newline). */
const NGINX_LIMIT_BYTES = 2047;
/**
 * The least that is left of a message that BusyBox's syslogd or OpenWrt's logd truncates: they read
 * 255 bytes by default, with priority and time (`<190>Mar 19 23:48:18 `). They are recognised by the
 * selector before the program.
 */
const BUSYBOX_LIMIT_BYTES = 230;

/** Reads a stream of log lines, calling the sink with each. Keeps no line. */
export class LogReader {
  readonly clock: LineClock;
  readonly hosts = new HostNames();
  readonly #scanners: readonly Scanner[];
  readonly #programs: Programs;
  readonly #readHeader: HeaderReader;
  /** The service that writes the file itself; -1 if a syslogd writes it. */
  readonly #owner: number;
  readonly #nginx: number;
  readonly #sink: (line: Line) => void;
  readonly #lines = new LineSplitter((bytes, start, end, offset, cut) =>
    this.#read(bytes, start, end, offset, cut),
  );
  readonly #line: Line = emptyLine();
  readonly #proxies: TrustedProxies;
  readonly #peers = new Peers();
  readonly #pathScans = new PathScans();
  readonly #repetition = { count: 1, start: 0, end: 0 };
  /** The line before was of a known service, and `#line` still holds its reading. */
  #repeatable = false;

  /** `owner` is the service that writes the file itself; undefined if a syslogd does. */
  constructor(
    scanners: readonly Scanner[],
    civil: CivilTime,
    owner: string | undefined,
    sink: (line: Line) => void,
    trustedProxies: readonly Prefix[] = [],
  ) {
    this.#proxies = new TrustedProxies(trustedProxies);
    const indexOf = (name: string | undefined): number =>
      scanners.findIndex(({ service }) => service === name);
    this.#scanners = scanners;
    this.#programs = new Programs(scanners);
    this.clock = new LineClock(civil);
    this.#owner = indexOf(owner);
    this.#nginx = indexOf('nginx');
    const { file } = scanners[this.#owner] ?? {};
    this.#readHeader = owner === undefined ? readHeader : ownHeaderOf(file);
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#lines.finish();
  }

  #read(bytes: Buffer, from: number, end: number, offset: number, cut: boolean): void {
    const line = this.#line;
    // Comparing is cheaper than the write barrier.
    if (line.bytes !== bytes) line.bytes = bytes;
    line.start = from;
    line.end = end;
    line.number++;
    line.offset = offset;
    line.cut = cut;
    line.count = 1;
    line.repeatsLast = false;
    this.#readHeaderOf(line);
    if (!this.#repeatLast(line)) {
      this.#scan(line);
      this.#findConnection(line);
    }
    this.#sink(line);
  }

  #readHeaderOf(line: Line): void {
    const { bytes, end, header } = line;
    line.start = lineStart(bytes, line.start, end);
    header.isFractional = false;
    const isHeader = this.#readHeader(bytes, line.start, end, header);
    const time = isHeader ? this.clock.tick(header) : undefined;
    line.known = time !== undefined;
    if (time === undefined) return;
    line.time = time;
    line.messageStart = header.messageStart;
    line.messageEnd = end;
  }

  /** Whether the line only says that the line before was repeated, by the same host. */
  #repeatLast(line: Line): boolean {
    if (!this.#repeatable || !line.known || line.cut) return false;
    const { bytes, header } = line;
    if (header.programStart >= 0 && !isSyslogd(bytes, header.programStart, header.programEnd))
      return false;
    // If the line before has no host, what looks like one is the first word of the message.
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
    line.service = own >= 0 || !isNamed || line.cut ? own : (this.#programs.others[0] ?? -1);
    if (own >= 0 && own === this.#nginx) {
      line.cut ||= line.messageEnd - line.messageStart >= NGINX_LIMIT_BYTES;
    }
    line.speaker = line.service;
    const scanner = this.#scanners[line.service];
    this.#repeatable = scanner !== undefined && !line.cut;
    if (scanner === undefined) return;
    line.host = this.hosts.id(bytes, header.hostStart, header.hostEnd);
    line.pid = header.pid;
    // A truncated line could name an address that the whole line does not.
    if (line.cut) return;
    const repetition = this.#repetition;
    if (readQuotedRepetition(bytes, line.messageStart, line.messageEnd, repetition)) {
      line.messageStart = repetition.start;
      line.messageEnd = repetition.end;
      line.count = repetition.count;
    }
    this.#match(line, scanner, isNamed);
    // Some log shippers append a space. Grammars with a space at the end have been tried by now.
    if (line.message === NO_MATCH && bytes[line.messageEnd - 1] === SPACE) {
      while (line.messageEnd > line.messageStart && bytes[line.messageEnd - 1] === SPACE) {
        line.messageEnd--;
      }
      this.#match(line, scanner, isNamed);
    }
    if (line.message !== NO_MATCH || own >= 0) return;
    // An unknown program, and no message that any program may write.
    line.service = -1;
    line.speaker = -1;
    this.#repeatable = false;
  }

  #match(line: Line, scanner: Scanner, isNamed: boolean): void {
    line.message = scanner.scan(line.bytes, line.messageStart, line.messageEnd, line.reading);
    if (line.message === NO_MATCH && isNamed) this.#scanAsOther(line);
  }

  #findConnection(line: Line): void {
    if (line.message < 0) return;
    const message = this.#scanners[line.service]?.messages[line.message];
    if (message === undefined) return;
    this.#proxies.pass(line);
    setConnectionKey(line, message);
    this.#peers.pass(line, message);
    const { request } = message;
    if (request === 'listed' || request === 'missing') this.#findScan(line, request);
  }

  /** A request with which its client turns out to scan is the message for that. */
  #findScan(line: Line, role: RequestRole): void {
    if (!this.#pathScans.pass(line, role)) return;
    const { messages = [] } = this.#scanners[line.service] ?? {};
    line.message = messages.findIndex(({ request }) => request === 'scan');
    line.process = -1;
  }

  /**
   * A message that the grammar of a program does not have may be of another program of that name
   * (imapd), or of PAM.
   */
  #scanAsOther(line: Line): void {
    const { bytes, header, messageStart, messageEnd, reading } = line;
    const { programStart, programEnd } = header;
    for (const other of this.#programs.next(bytes, programStart, programEnd, line.speaker)) {
      const message = this.#scanners[other]?.scan(bytes, messageStart, messageEnd, reading);
      if (message === undefined || message === NO_MATCH) continue;
      line.service = other;
      line.message = message;
      return;
    }
  }
}
