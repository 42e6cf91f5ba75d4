import { emptyReading } from '../../grammar/notation/reading.ts';
import { NO_MATCH, type Scanner } from '../../grammar/notation/scanner.ts';
import { asciiBytes, lineStart, sameBytes } from './bytes.ts';
import { emptyHeader, type HeaderReader } from './header/header.ts';
import { ownHeaderOf } from './header/own-header.ts';
import { readHeader } from './header/read-header.ts';
import type { Chunks } from './source.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
/** How much is examined to find the service that writes the file. */
const SAMPLE_LINES = 1024;
const SAMPLE_BYTES = 65_536;
/** newsyslog writes the first line of every log that it rotates. */
const NEWSYSLOG = asciiBytes('newsyslog');
const HOST_NAME = /^[\w.:-]+$/;

/** The service that writes a log; undefined if a syslogd does. */
export interface LogOwner {
  readonly service: string | undefined;
  /** Lines that are appended do not change that. */
  readonly isCertain: boolean;
}

export interface OwnContent extends LogOwner {
  readonly chunks: Chunks;
}

/**
 * Finds the service that writes a log by its first lines, at most 1,024 lines and 64 KiB: the one whose
 * grammar declares how these lines begin and has their messages. The log is a syslogd's if a line is
 * certainly a syslogd's, or if lines of two services are found. For a syslogd's log the first line is
 * enough. With a single scanner, whose file it may be, nobody else's lines can mislead.
 */
export async function ownContent(
  chunks: Chunks,
  scanners: readonly Scanner[],
): Promise<OwnContent> {
  const iterator = chunks[Symbol.asyncIterator]();
  const guess = new OwnerGuess(scanners);
  const taken: Buffer[] = [];
  let isCertain = true;
  while (!guess.isMade) {
    const { done, value } = await iterator.next();
    if (done === true) {
      isCertain = false;
      guess.finish();
    } else {
      // A chunk is only valid until the next, but several are kept here.
      const chunk = guess.push(value) ? value : Buffer.from(value);
      taken.push(chunk);
    }
    if (done === true) break;
  }
  const [only, ...others] = scanners;
  const isOnly = others.length === 0 && only?.file !== undefined && !guess.isSyslogds;
  return {
    chunks: resumed(taken, iterator),
    service: guess.service ?? (isOnly ? only.service : undefined),
    isCertain,
  };
}

async function* resumed(
  taken: readonly Buffer[],
  iterator: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    yield* taken;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** A service that writes files of its own. */
interface Candidate {
  readonly scanner: Scanner;
  readonly read: HeaderReader;
}

/** Finds the owner of a log from its first lines. */
class OwnerGuess {
  isMade = false;
  service: string | undefined;
  isSyslogds = false;
  readonly #candidates: readonly Candidate[];
  readonly #reading = emptyReading();
  readonly #header = emptyHeader();
  #held = Buffer.alloc(0);
  #lines = 0;
  #bytes = 0;

  constructor(scanners: readonly Scanner[]) {
    // Routers' lines could be anybody's, and are recognised only if no other service is possible.
    this.#candidates = scanners
      .filter(({ file }) => file !== undefined || scanners.length === 1)
      .map((scanner) => ({ scanner, read: ownHeaderOf(scanner.file) }));
  }

  /** Takes the next bytes; returns true when the owner is decided. */
  push(chunk: Buffer): boolean {
    const sample = Buffer.concat([this.#held, chunk.subarray(0, SAMPLE_BYTES - this.#bytes)]);
    this.#bytes += Math.min(chunk.length, SAMPLE_BYTES - this.#bytes);
    let start = 0;
    while (!this.isMade) {
      const end = sample.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#see(sample, start, end);
      start = end + 1;
    }
    this.#held = Buffer.from(sample.subarray(start));
    if (this.#bytes === SAMPLE_BYTES) this.isMade = true;
    return this.isMade;
  }

  finish(): void {
    if (!this.isMade && this.#held.length > 0) this.#see(this.#held, 0, this.#held.length);
    this.isMade = true;
  }

  #see(bytes: Buffer, from: number, lineEnd: number): void {
    const start = lineStart(bytes, from, lineEnd);
    const end = lineEnd > start && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
    const owner = this.#ownerOf(bytes, start, end);
    const isForeign = owner !== undefined && this.service !== undefined && owner !== this.service;
    this.isSyslogds = owner === undefined && this.#isOfSyslogd(bytes, start, end);
    if (isForeign || this.isSyslogds) {
      this.service = undefined;
      this.isMade = true;
      return;
    }
    this.service ??= owner;
    if (++this.#lines === SAMPLE_LINES) this.isMade = true;
  }

  /** The service that writes such a line, the first in the order of the grammars. */
  #ownerOf(bytes: Buffer, start: number, end: number): string | undefined {
    const header = this.#header;
    const found = this.#candidates.find(
      ({ scanner, read }) =>
        read(bytes, start, end, header) &&
        scanner.scan(bytes, header.messageStart, end, this.#reading) !== NO_MATCH,
    );
    return found?.scanner.service;
  }

  /**
   * A syslogd's line has a host and a program, or a program and its process. Some services write the
   * time as some syslogds do, with a space for the T; only a host with a program and its process is
   * then certain.
   */
  #isOfSyslogd(bytes: Buffer, start: number, end: number): boolean {
    const header = this.#header;
    if (!readHeader(bytes, start, end, header) || header.programStart < 0) return false;
    if (sameBytes(bytes, header.programStart, header.programEnd, NEWSYSLOG)) return false;
    const host = bytes.toString('latin1', header.hostStart, header.hostEnd);
    if (host !== '' && !HOST_NAME.test(host)) return false;
    if (header.pid >= 0) return true;
    const isSpaced = header.dating !== 'yearless' && bytes[start + 10] === SPACE;
    return host !== '' && !isSpaced;
  }
}
