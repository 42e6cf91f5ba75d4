import { asciiBytes, lineStart, sameBytes } from './bytes.ts';
import { emptyHeader } from './header/header.ts';
import { ownHeaderOf } from './header/own-header.ts';
import { readHeader } from './header/read-header.ts';
import type { Chunks } from './source.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
/** How much is examined to find the service that writes the file. */
const SAMPLE_LINES = 32;
const SAMPLE_BYTES = 65_536;
/** How much of a line is examined. */
const TEXT_LIMIT_BYTES = 256;

const LEVEL = '(?:emerg|alert|crit|error|warn|notice|info|debug|trace\\d)';
const IP4_PORT = '\\d+\\.\\d+\\.\\d+\\.\\d+:\\d+';

/**
 * How a message after the time begins if only one service writes such messages. Clients have no
 * influence on the beginning of a line.
 */
const CERTAIN: readonly (readonly [service: string, message: RegExp])[] = [
  ['apache', new RegExp(`^\\[(?:[a-z_\\d]*:)?${LEVEL}\\] `)],
  ['asterisk', /^(?:NOTICE|SECURITY|WARNING|ERROR|VERBOSE|DEBUG)\[\d+\]/],
  [
    'dovecot',
    /^(?:(?:imap|pop3|managesieve|submission)(?:-login)?|lmtp|lda|auth|auth-worker|master|log|config|stats|anvil)(?:\([^)]*\))?(?:<[^>]*>)*: (?:Info|Warning|Error|Fatal|Panic|Debug): /,
  ],
  ['dropbear', /^(?:Not backgrounding|Child connection from |Exit |Bad |Login |Password |Pubkey )/],
  [
    'exim',
    /^(?:\[\d+\] )?(?:(?:[\dA-Za-z]{6}-[\dA-Za-z]{6}-[\dA-Za-z]{2}|[\dA-Za-z]{6}-[\dA-Za-z]{11}-[\dA-Za-z]{4}) (?:<=|=>|->|==|\*\*|\*>|Completed|H=)|exim \d\.|(?:Start|End) queue run: |\w+ authenticator failed for |no host name found for IP address |H=\S|SMTP (?:connection|protocol|call|command|data|syntax) |unexpected disconnection while |TLS error on connection )/,
  ],
  ['gitea', /^\S+\.go:\d+:\S+\(\) \[[A-Z]\] /],
  ['http-access', /^(?:[\w.-]+:\d+ )?[\dA-Fa-f]*[.:][\dA-Fa-f.:]+ \S+ \S+ \[\d\d\//],
  ['lighttpd', /^\((?:\S*\/)?[\w.-]+\.c\.\d+\) /],
  [
    'named',
    /^(?:[a-z]+(?:-[a-z]+)*: )?(?:info|notice|warning|error|critical|debug \d+): |^(?:[a-z]+(?:-[a-z]+)*: )?client (?:@0x|[\dA-Fa-f.:]+#)/,
  ],
  ['monit', /^(?:emergency|alert|critical|error|warning|notice|info|debug) +: /],
  ['mysqld', /^(?:\d+ )?\[(?:Note|Warning|ERROR|System)\] /],
  ['nginx', new RegExp(`^.{19} \\[${LEVEL}\\] \\d+#\\d+: `)],
  ['nsd', /^nsd\[\d+\]: (?:info|notice|warning|error): /],
  // The name of a server has a letter, and an address in its place has none or a colon.
  ['openbsd-httpd', /^(?=\S*[G-Zg-z])[\w.-]+ [\dA-Fa-f]*[.:][\dA-Fa-f.:]+ - \S+ \[\d\d\//],
  [
    'openvpn',
    new RegExp(
      `^(?:OpenVPN 2\\.|library versions: |MULTI: |Initialization Sequence Completed|TCP connection established with \\[AF_INET|(?:UDP|TCP)\\S* link (?:local|remote)|TLS Error: |(?:[\\w.-]+/)?${IP4_PORT} (?:TLS|VERIFY|peer info:|\\[|SENT CONTROL|PUSH: ))`,
    ),
  ],
  ['vsftpd', /^\[pid \d+\] /],
  ['webmin', /^\[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] /],
  ['xrdp', /^\[(?:CORE|ERROR|WARN|INFO|DEBUG|TRACE) *\] /],
];

/** newsyslog writes the first line of every log that it rotates. */
const NEWSYSLOG = asciiBytes('newsyslog');
const HOST_NAME = /^[\w.:-]+$/;

/** A log, and the service that writes it; undefined if a syslogd does. */
export interface OwnContent {
  readonly chunks: Chunks;
  readonly service: string | undefined;
}

/**
 * Finds the service that writes a log from its first lines, at most 32 lines and 64 KiB. It is read as
 * a syslogd's as soon as a line is certainly a syslogd's, or if lines of two services are found. For a
 * syslogd's log the first line is enough.
 */
export async function ownContent(
  chunks: Chunks,
  services: ReadonlySet<string>,
): Promise<OwnContent> {
  const iterator = chunks[Symbol.asyncIterator]();
  const guess = new OwnerGuess(services);
  const taken: Buffer[] = [];
  while (!guess.isMade) {
    const { done, value } = await iterator.next();
    if (done === true) guess.finish();
    else {
      // A chunk is only valid until the next, but several are kept here.
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

/** Finds the owner of a log from its first lines. */
class OwnerGuess {
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

  /** The services to which such a line is unique. */
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
