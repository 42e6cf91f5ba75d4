import { type ChildProcess, spawn } from 'node:child_process';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { McblockError, reasonOf } from '../errors.ts';

/** No program inherits the environment: BZIP2, XZ_OPT and the like would add options. */
const ENVIRONMENT = {
  PATH: '/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin',
  LC_ALL: 'C',
};
const STDERR_LIMIT_CHARACTERS = 16 * 1024;

/** The numeric ids of a user and its primary group. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

export interface StartOptions {
  /** Run as this user, without supplementary groups; needs root. Default: as this process. */
  readonly user?: UserIds | undefined;
  /**
   * Give the program a process group of its own, so that ending it also ends what it started; but not
   * what runs on after it has exited.
   */
  readonly ownGroup?: boolean;
  /** HOME in its environment. Default: none. */
  readonly home?: string;
  /** File descriptors that it gets, from 3 on. Default: none. */
  readonly inherit?: readonly number[];
}

/** How a program ended. */
export interface Ending {
  /** Undefined where it did not start, or was ended by a signal. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it did not start or was ended, for the end of a sentence; undefined where it exited. */
  readonly failure: string | undefined;
}

/** A program could not be run, failed or was ended. */
export class ProgramError extends McblockError {
  /** What it wrote to stderr, or else how it ended. */
  readonly reason: string;

  constructor(path: string, reason: string) {
    super('program', `${path}: ${reason}`);
    this.reason = reason;
  }

  /** @param line what the program wrote to stderr about it; empty if nothing */
  static of(path: string, { status, failure }: Ending, line: string): ProgramError {
    return new ProgramError(path, line || (failure ?? `exited with status ${status}`));
  }
}

/**
 * Sends a signal to a child, or to its process group. Does nothing if the child did not start or has
 * ended: after a failed spawn, `child.kill()` signals an uninitialised process number, often 0,
 * which is the whole group of this process. Once a child has ended, its number may be that of a group
 * of others.
 */
export function signal(child: ChildProcess, name: NodeJS.Signals, isGroup = false): void {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || pid <= 0 || exitCode !== null || signalCode !== null) return;
  try {
    if (isGroup) process.kill(-pid, name);
    else child.kill(name);
  } catch {
    // It has ended since.
  }
}

/**
 * A running program: fixed arguments, no shell, an environment of its own, `/` as its folder. A
 * program that could not be started has streams too, which are at their end.
 */
export class Program {
  readonly path: string;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess | undefined;
  readonly #isGroup: boolean;
  #failure: string | undefined;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    path: string,
    args: readonly string[],
    { user, ownGroup = false, home, inherit = [] }: StartOptions = {},
  ) {
    this.path = path;
    this.#isGroup = ownGroup;
    try {
      const child = spawn(path, args, {
        stdio: ['pipe', 'pipe', 'pipe', ...inherit],
        env: home === undefined ? ENVIRONMENT : { ...ENVIRONMENT, HOME: home },
        cwd: '/',
        detached: ownGroup,
        ...user,
      });
      this.#child = child;
    } catch (error) {
      this.#failure = reasonOf(error);
    }
    // Without a free file descriptor Node makes no streams.
    this.stdin = this.#child?.stdin ?? new PassThrough().resume();
    this.stdout = this.#child?.stdout ?? Readable.from([]);
    this.stderr = this.#child?.stderr ?? Readable.from([]);
    // A program that exits early closes its stdin; its status tells the rest.
    this.stdin.on('error', () => undefined);
    this.ended = this.#wait();
  }

  /** What it writes to stdout. Breaks off where the program is ended. */
  async *output(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.stdout) yield chunk as Buffer;
    } catch (cause) {
      if (this.#failure === undefined) throw cause;
    }
  }

  /** Ends the program unless it ends, or is given a new limit, within so many seconds. */
  limitTime(seconds: number): void {
    clearTimeout(this.#timer);
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => this.end(`timed out after ${seconds} seconds`), seconds * 1000);
  }

  /** Kills the program. What still holds its streams open is not waited for. */
  end(failure: string): void {
    this.#failure ??= failure;
    if (this.#child !== undefined) signal(this.#child, 'SIGKILL', this.#isGroup);
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
  }

  #wait(): Promise<Ending> {
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (status: number | null, by: NodeJS.Signals | null): void => {
        clearTimeout(this.#timer);
        this.#hasEnded = true;
        if (by !== null) this.#failure ??= `killed by ${by}`;
        resolve({
          status: status ?? undefined,
          signal: by ?? undefined,
          failure: this.#failure,
        });
      };
      if (child === undefined) {
        end(null, null);
        return;
      }
      child.on('error', (error) => {
        this.#failure ??= reasonOf(error);
        if (child.pid === undefined) end(null, null);
      });
      child.on('close', end);
    });
  }
}

/** Collects what the program writes to stderr, up to 16 KiB. The function returns it so far. */
export function collectStderr({ stderr }: Program): () => string {
  let text = '';
  stderr.setEncoding('utf8');
  stderr.on('data', (data: string) => {
    text = (text + data).slice(0, STDERR_LIMIT_CHARACTERS);
  });
  return () => text.trim();
}
