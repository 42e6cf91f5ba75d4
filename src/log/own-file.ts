import { asciiBytes, sameBytes } from './bytes.ts';
import { emptyHeader } from './header/header.ts';
import { ownHeaderOf } from './header/own-header.ts';
import { readHeader } from './header/read-header.ts';
import type { Chunks } from './source.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
/** What is looked at to tell whose file it is. */
const SAMPLE_LINES = 32;
const SAMPLE_BYTES = 65_536;
/** No line has to be looked at further to know it. */
const TEXT_LIMIT_BYTES = 256;

const LEVEL = '(?:emerg|alert|crit|error|warn|notice|info|debug|trace\\d)';
const IP4_PORT = '\\d+\\.\\d+\\.\\d+\\.\\d+:\\d+';

/**
 * How messages begin that only one service writes to its file, behind the time. Clients have no say
 * in how a line begins.
 */
const CERTAIN: readonly (readonly [service: string, message: RegExp])[] = [
  ['apache', new RegExp(`^\\[(?:[a-z_\\d]*:)?${LEVEL}\\] `)],
  ['asterisk', /^(?:NOTICE|SECURITY|WARNING|ERROR|VERBOSE|DEBUG)\[\d+\]/],
  [
    'dovecot',
    /^(?:(?:imap|pop3|managesieve|submission)(?:-login)?|lmtp|lda|auth|auth-worker|master|log|config|stats|anvil)(?:\([^)]*\))?(?:<[^>]*>)*: (?:Info|Warning|Error|Fatal|Panic|Debug): /,
  ],
  [
    'exim',
    /^(?:\[\d+\] )?(?:(?:[\dA-Za-z]{6}-[\dA-Za-z]{6}-[\dA-Za-z]{2}|[\dA-Za-z]{6}-[\dA-Za-z]{11}-[\dA-Za-z]{4}) (?:<=|=>|->|==|\*\*|\*>|Completed|H=)|exim \d\.|(?:Start|End) queue run: |\w+ authenticator failed for |no host name found for IP address |H=\S|SMTP (?:connection|protocol|call|command|data|syntax) |unexpected disconnection while |TLS error on connection )/,
  ],
  ['http-access', /^(?:[\w.-]+:\d+ )?[\dA-Fa-f]*[.:][\dA-Fa-f.:]+ \S+ \S+ \[\d\d\//],
  ['lighttpd', /^\((?:\S*\/)?[\w.-]+\.c\.\d+\) /],
  [
    'named',
    /^(?:[a-z]+(?:-[a-z]+)*: )?(?:info|notice|warning|error|critical|debug \d+): |^(?:[a-z]+(?:-[a-z]+)*: )?client (?:@0x|[\dA-Fa-f.:]+#)/,
  ],
  ['mysqld', /^(?:\d+ )?\[(?:Note|Warning|ERROR|System)\] /],
  ['nginx', new RegExp(`^.{19} \\[${LEVEL}\\] \\d+#\\d+: `)],
  [
    'openvpn',
    new RegExp(
      `^(?:OpenVPN 2\\.|library versions: |MULTI: |Initialization Sequence Completed|TCP connection established with \\[AF_INET|(?:UDP|TCP)\\S* link (?:local|remote)|TLS Error: |(?:[\\w.-]+/)?${IP4_PORT} (?:TLS|VERIFY|peer info:|\\[|SENT CONTROL|PUSH: ))`,
    ),
  ],
  ['proftpd', /^/],
  ['vsftpd', /^\[pid \d+\] /],
  ['xrdp', /^\[(?:CORE|ERROR|WARN|INFO|DEBUG|TRACE) *\] /],
];

/** What newsyslog writes into every log that it begins. */
const NEWSYSLOG = asciiBytes('newsyslog');
const HOST_NAME = /^[\w.:-]+$/;

/** A log, and the service whose own file it is; undefined: what a syslogd writes. */
export interface OwnContent {
  readonly chunks: Chunks;
  readonly service: string | undefined;
}

/**
 * Tells by the first lines of a log, at most 32 of 64 KiB together, whose own file it is. It is
 * nobody's as soon as a line is certainly a syslogd's, or two services' lines are there: then it is
 * read as a syslogd's. To know of a syslogd's log takes its first line.
 */
export async function ownContent(
  chunks: Chunks,
  services: ReadonlySet<string>,
): Promise<OwnContent> {
  const iterator = chunks[Symbol.asyncIterator]();
  const guess = new Guess(services);
  const taken: Buffer[] = [];
  while (!guess.isMade) {
    const { done, value } = await iterator.next();
    if (done === true) guess.finish();
    else {
      // A chunk is only valid until the next: here some are held together.
      const chunk = guess.push(value) ? value : Buffer.from(value);
      taken.push(chunk);
    }
    if (done === true) break;
  }
  return { chunks: resumed(taken, iterator), service: guess.service };
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

/** Makes up its mind from the first lines. */
class Guess {
  isMade = false;
  service: string | undefined;
  readonly #services: ReadonlySet<string>;
  readonly #header = emptyHeader();
  #held = Buffer.alloc(0);
  #lines = 0;
  #bytes = 0;

  constructor(services: ReadonlySet<string>) {
    this.#services = services;
  }

  /** Takes the next bytes; true: it knows enough. */
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
    let start = from;
    while (start < lineEnd && bytes[start] === 0) start++;
    const end = lineEnd > start && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
    const owners = this.#owners(bytes, start, end);
    const [owner] = owners;
    const isForeign = owner !== undefined && this.service !== undefined && owner !== this.service;
    if (owners.length > 1 || isForeign || (!owner && this.#isOfSyslogd(bytes, start, end))) {
      this.service = undefined;
      this.isMade = true;
      return;
    }
    this.service ??= owner;
    if (++this.#lines === SAMPLE_LINES) this.isMade = true;
  }

  /** The services that alone write such lines. */
  #owners(bytes: Buffer, start: number, end: number): string[] {
    const header = this.#header;
    return CERTAIN.filter(([service, pattern]) => {
      if (!this.#services.has(service)) return false;
      if (!ownHeaderOf(service)(bytes, start, end, header)) return false;
      const { messageStart } = header;
      const textEnd = Math.min(end, messageStart + TEXT_LIMIT_BYTES);
      return pattern.test(bytes.toString('latin1', messageStart, textEnd));
    }).map(([service]) => service);
  }

  /**
   * A host and a program, or a program and its process. Some services write the time as some
   * syslogds do, with a space for the T: behind that, only a host with a program and its process
   * are certain.
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
