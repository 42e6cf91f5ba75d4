import { McblockError } from '../../errors.ts';
import { findProgram } from '../../process/find-program.ts';
import { collectStderr, Program, ProgramError } from '../../process/program.ts';
import type { Chunks, Source } from '../source.ts';
import { JOURNAL_FIELDS, type JournalEntry, parseJournalEntry } from './journal-entry.ts';
import type { JournalDoubt, SenderCheck } from './sender-check.ts';

const NEWLINE = 0x0a;
/** The fields of an entry have 4 KiB each at most; bytes may be numbers of three digits. */
const MAX_LINE_BYTES = 512 * 1024;
const PROGRAM_NAME = /^[\w./@+-]{1,64}$/;
const HOST_NAME = /^[\w.-]{1,255}$/;

const DOUBTS: Readonly<Record<JournalDoubt, string>> = {
  user: 'by another user',
  program: 'by another program',
  session: "by a user's own services",
  container: 'in containers',
};

export interface JournalOptions {
  readonly senders: SenderCheck;
  /** A folder with journal files; empty: the journal of this host. */
  readonly directory: string;
  /** As journalctl takes it. */
  readonly since?: string | undefined;
  /** Only what comes after this entry. */
  readonly after?: string | undefined;
  /**
   * Whether the entries of a unit are read, by the service of their program; the unit is empty for those
   * of none. Default: all.
   */
  readonly isRead?: ((unit: string, service: string | undefined) => boolean) | undefined;
  /** Goes on waiting for entries. */
  readonly isFollowed: boolean;
}

/**
 * Reads the journal through journalctl. The entries that are believed become lines as rsyslog writes
 * them.
 */
export class JournalReader {
  /** Of the latest entry in the chunks so far. */
  cursor: string | undefined;
  readonly #senders: SenderCheck;
  readonly #options: JournalOptions;
  readonly #path: string;
  #program: Program;
  readonly #doubts = new Map<JournalDoubt | 'long', number>();
  #example = '';
  #rest = Buffer.alloc(0);
  #isSkipping = false;
  #isEnded = false;

  /** Throws McblockError('program') if there is no journalctl. */
  constructor(options: JournalOptions) {
    const path = findProgram('journalctl');
    if (path === undefined) {
      throw new McblockError(
        'program',
        'journalctl: not found; this system has no systemd journal',
      );
    }
    this.#path = path;
    this.#senders = options.senders;
    this.#options = options;
    this.cursor = options.after;
    this.#program = this.#start(false);
  }

  /** Whether journalctl has written more than was read. */
  get hasMore(): boolean {
    return this.#program.stdout.readableLength > 0;
  }

  /**
   * Whole lines. Throws ProgramError if journalctl fails; stops after end(). Since version 251,
   * `journalctl --follow` shows only the present boot: earlier entries are read first.
   */
  async *chunks(): AsyncGenerator<Buffer> {
    yield* this.#output();
    if (!this.#options.isFollowed || this.#isEnded) return;
    this.#program = this.#start(true);
    yield* this.#output();
  }

  end(): void {
    this.#isEnded = true;
    this.#program.end('was stopped');
  }

  /** How many entries in the name of a service were not believed, and why; undefined if none. */
  get doubtText(): string | undefined {
    if (this.#doubts.size === 0) return undefined;
    const reasons = Array.from(this.#doubts, ([doubt, count]) =>
      doubt === 'long' ? `${count} too long` : `${count} ${DOUBTS[doubt]}`,
    );
    const example = this.#example === '' ? '' : ` (the first: ${this.#example})`;
    return `not counted: ${reasons.join(', ')}${example}`;
  }

  #start(isFollowing: boolean): Program {
    const { directory, since } = this.#options;
    const program = new Program(this.#path, [
      '--output=json',
      `--output-fields=${JOURNAL_FIELDS.join(',')}`,
      '--no-pager',
      '--quiet',
      ...(directory === '' ? [] : [`--directory=${directory}`]),
      ...(this.cursor === undefined ? [] : [`--after-cursor=${this.cursor}`]),
      ...(this.cursor === undefined && since !== undefined ? [`--since=${since}`] : []),
      ...(isFollowing ? ['--follow', '--no-tail'] : []),
    ]);
    program.stdin.end();
    return program;
  }

  async *#output(): AsyncGenerator<Buffer> {
    const program = this.#program;
    const stderr = collectStderr(program);
    for await (const chunk of program.output()) yield this.#linesOf(chunk);
    const ending = await program.ended;
    if (this.#isEnded || ending.status === 0) return;
    const [line = ''] = stderr().split('\n', 1);
    throw ProgramError.of(this.#path, ending, line);
  }

  #linesOf(chunk: Buffer): Buffer {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#isSkipping ? undefined : this.#lineOf(this.#rest.toString('utf8'));
      if (this.#isSkipping) this.#count('long', '');
      if (line !== undefined) lines.push(line);
      this.#rest = Buffer.alloc(0);
      this.#isSkipping = false;
    }
    this.#keep(chunk.subarray(start));
    return Buffer.concat(lines);
  }

  #keep(piece: Buffer): void {
    if (this.#rest.length + piece.length > MAX_LINE_BYTES) this.#isSkipping = true;
    if (this.#isSkipping) this.#rest = Buffer.alloc(0);
    else
      this.#rest =
        this.#rest.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#rest, piece]);
  }

  #lineOf(json: string): Buffer | undefined {
    const entry = parseJournalEntry(json);
    if (entry === undefined) return undefined;
    this.cursor = entry.cursor;
    const name = entry.identifier || entry.comm;
    const { isRead } = this.#options;
    const service = this.#senders.serviceOf(name);
    if (isRead !== undefined && !isRead(entry.unit, service)) return undefined;
    const doubt = this.#senders.doubt(entry);
    if (doubt === undefined && entry.message !== undefined) {
      return lineOf(entry, name, entry.message);
    }
    // Programs that no grammar knows are of no interest.
    if (service === undefined) return undefined;
    if (doubt === undefined) this.#count('long', '');
    else this.#count(doubt, `${printed(name)} by ${printed(entry.comm)}, uid ${entry.uid ?? '-'}`);
    return undefined;
  }

  #count(doubt: JournalDoubt | 'long', example: string): void {
    this.#doubts.set(doubt, (this.#doubts.get(doubt) ?? 0) + 1);
    this.#example ||= example;
  }
}

/** The journal up to now, as a log. */
export function journalSource(reader: JournalReader, now: number): Source {
  return {
    name: 'journal',
    fileTime: now,
    totalBytes: undefined,
    chunks: (): Chunks => reader.chunks(),
    close: () => reader.end(),
  };
}

/** `2026-11-22T10:00:00.123456Z host program[pid]: message`, in one line. */
function lineOf(
  { microseconds, host, pid, comm }: JournalEntry,
  name: string,
  message: Buffer,
): Buffer {
  const seconds = Math.floor(microseconds / 1e6);
  const fraction = String(microseconds % 1e6).padStart(6, '0');
  const time = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
  const program = PROGRAM_NAME.test(name) ? name : comm;
  const process = pid === undefined ? '' : `[${pid}]`;
  const header = `${time} ${HOST_NAME.test(host) ? host : '-'} ${program}${process}: `;
  const text = message.map((byte) => (byte < 0x20 && byte !== 0x09 ? 0x20 : byte));
  return Buffer.concat([Buffer.from(header), text, Buffer.of(NEWLINE)]);
}

function printed(text: string): string {
  return text.replaceAll(/[^\w./@:+-]/g, '?').slice(0, 64) || '-';
}
