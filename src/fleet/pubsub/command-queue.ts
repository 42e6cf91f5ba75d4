import { spawn } from 'node:child_process';
import { reasonOf } from '../../errors.ts';

export interface CommandLimits {
  /** So many run at a time. */
  readonly atOnce: number;
  /** So many wait; of more, the latest are refused. */
  readonly waiting: number;
  readonly timeLimitSeconds: number;
}

/** What became of a command. */
export interface CommandReport {
  readonly channel: string;
  readonly argv: readonly string[];
  /** The exit status; undefined where it was ended by a signal or never began. */
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** What it wrote on stdout and stderr, the first 4 KiB of it. */
  readonly output: string;
  readonly error: string | undefined;
  readonly seconds: number;
}

interface Job {
  readonly channel: string;
  readonly argv: readonly [string, ...string[]];
}

const OUTPUT_BYTES = 4096;

/** Runs commands: no shell, a time limit, a few at a time, and a queue that has an end. */
export class CommandQueue {
  readonly #limits: CommandLimits;
  readonly #onEnd: (report: CommandReport) => void;
  readonly #waiting: Job[] = [];
  readonly #running = new Set<() => void>();
  #isClosed = false;

  constructor(limits: CommandLimits, onEnd: (report: CommandReport) => void) {
    this.#limits = limits;
    this.#onEnd = onEnd;
  }

  /** Running and waiting. */
  get size(): number {
    return this.#running.size + this.#waiting.length;
  }

  /** False where the queue is full. */
  add(job: Job): boolean {
    if (this.#isClosed) return false;
    if (this.#running.size < this.#limits.atOnce) {
      this.#run(job);
      return true;
    }
    if (this.#waiting.length >= this.#limits.waiting) return false;
    this.#waiting.push(job);
    return true;
  }

  /** Runs nothing more, and ends what runs. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    for (const kill of this.#running) kill();
  }

  #run({ channel, argv }: Job): void {
    const startedAt = performance.now();
    const [program, ...args] = argv;
    // A group of its own, so that the time limit ends whatever it started too.
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      detached: true,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin' },
      cwd: '/',
    });
    const kill = () => killGroup(child.pid);
    this.#running.add(kill);
    const limit = setTimeout(kill, this.#limits.timeLimitSeconds * 1000);
    const output = new FirstBytes();
    child.stdout.on('data', (bytes: Buffer) => output.add(bytes));
    child.stderr.on('data', (bytes: Buffer) => output.add(bytes));
    let isEnded = false;
    const end = (status: number | null, signal: string | null, error?: unknown) => {
      if (isEnded) return;
      isEnded = true;
      clearTimeout(limit);
      this.#running.delete(kill);
      this.#onEnd({
        channel,
        argv,
        status: status ?? undefined,
        signal: signal ?? undefined,
        output: output.text,
        error: error === undefined ? undefined : reasonOf(error),
        seconds: (performance.now() - startedAt) / 1000,
      });
      const next = this.#waiting.shift();
      if (next !== undefined) this.#run(next);
    };
    child.once('error', (error) => end(null, null, error));
    child.once('close', (status, signal) => end(status, signal));
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

class FirstBytes {
  readonly #parts: Buffer[] = [];
  #size = 0;

  add(bytes: Buffer): void {
    if (this.#size >= OUTPUT_BYTES) return;
    const part = bytes.subarray(0, OUTPUT_BYTES - this.#size);
    this.#parts.push(Buffer.from(part));
    this.#size += part.length;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}
