import { PassThrough, pipeline } from 'node:stream';
import { McblockError } from '../../errors.ts';
import { findProgram } from '../../process/find-program.ts';
import { collectStderr, Program, ProgramError, type UserIds } from '../../process/program.ts';
import SCRIPT from './accept.pl?raw';

/** How long the accepting program may take to report what it has accepted. */
const END_SECONDS = 10;
/** So much is read ahead while what came before is recorded: the program waits if nobody reads. */
const BUFFER_BYTES = 1_048_576;
const NEWLINE = 0x0a;
/** Its standard streams come before the sockets that it inherits. */
const FIRST_SOCKET = 3;

export interface ProbeOptions {
  /** Opened on all addresses of this host. */
  readonly ports: readonly number[];
  /** To which the firewall redirects; 0 for none. */
  readonly redirect: number;
  /** Descriptors of sockets that listen already. */
  readonly sockets: readonly number[];
  /** Whom the accepting program becomes; undefined: as this process. */
  readonly user: UserIds | undefined;
}

/**
 * Connections to ports that nobody should connect to. A program of its own accepts them and reports each,
 * so that none is lost while this one records.
 */
export class ProbeStream {
  readonly cursor = undefined;
  readonly #program: Program;
  readonly #buffer = new PassThrough({ highWaterMark: BUFFER_BYTES });
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #stderr: () => string;
  #first = Buffer.alloc(0);

  /** Throws McblockError('program') if there is no perl. See {@link listening}. */
  constructor({ ports, redirect, sockets, user }: ProbeOptions) {
    const path = findProgram('perl');
    if (path === undefined) {
      throw new McblockError('program', 'perl: not found; install perl to accept connections');
    }
    const who = user === undefined ? ['-', '-'] : [user.uid, user.gid];
    const opened = new Set(redirect === 0 ? ports : [...ports, redirect]);
    const inherited = sockets.map((_, index) => `fd:${FIRST_SOCKET + index}`);
    const args = [...who, redirect, ...opened, ...inherited].map(String);
    this.#program = new Program(path, ['-T', '-e', SCRIPT, '--', ...args], { inherit: sockets });
    this.#stderr = collectStderr(this.#program);
    // How the program ended is asked when there is no more.
    pipeline(this.#program.stdout, this.#buffer, () => undefined);
    this.#chunks = this.#buffer[Symbol.asyncIterator]();
  }

  get hasMore(): boolean {
    return this.#buffer.readableLength > 0;
  }

  /** Waits until all ports are open and root is given up. Throws ProgramError if that fails. */
  async listening(): Promise<void> {
    while (!this.#first.includes(NEWLINE)) {
      const { value, done } = await this.#chunks.next();
      if (done) return this.#fail();
      this.#first = Buffer.concat([this.#first, value]);
    }
  }

  /** Throws ProgramError if the program ends by itself. */
  async *chunks(): AsyncGenerator<Buffer> {
    yield this.#first;
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) {
      yield next.value;
    }
    await this.#fail();
  }

  /** It reports what it has accepted, then ends. */
  end(): void {
    this.#program.stdin.end();
    this.#program.limitTime(END_SECONDS);
  }

  async #fail(): Promise<void> {
    const ending = await this.#program.ended;
    if (ending.status === 0) return;
    const [line = ''] = this.#stderr().split('\n', 1);
    throw ProgramError.of('probe', ending, line);
  }
}
