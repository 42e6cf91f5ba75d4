import { Program } from '../../process/program.ts';

export interface CommandLimits {
  readonly atOnce: number;
  /** Commands beyond this number are refused. */
  readonly waiting: number;
  readonly timeLimitSeconds: number;
}

export interface CommandReport {
  readonly channel: string;
  readonly argv: readonly string[];
  /** The exit status; undefined if a signal ended it or it did not start. */
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** The first 4 KiB of stdout and stderr. */
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
  readonly #running = new Set<Program>();
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
      void this.#run(job);
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
    for (const program of this.#running) program.end('was stopped');
  }

  async #run({ channel, argv }: Job): Promise<void> {
    const startedAt = performance.now();
    const [path, ...args] = argv;
    // The time limit must also end what the command started.
    const program = new Program(path, args, { ownGroup: true });
    this.#running.add(program);
    program.limitTime(this.#limits.timeLimitSeconds);
    program.stdin.end();
    const output = new FirstBytes();
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (bytes: Buffer) => output.add(bytes));
    }
    const { status, signal, failure } = await program.ended;
    this.#running.delete(program);
    this.#onEnd({
      channel,
      argv,
      status,
      signal,
      output: output.text,
      error: failure,
      seconds: (performance.now() - startedAt) / 1000,
    });
    const next = this.#waiting.shift();
    if (next !== undefined) void this.#run(next);
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
