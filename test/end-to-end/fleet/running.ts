import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { signal } from '../../../src/process/program.ts';
import { until } from '../../support/until.ts';

/** One line of the log of a daemon. */
type Logged = Readonly<Record<string, unknown>>;

/** A daemon as a process of its own, and what it logs. */
export class Running {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: string[] = [];
  #rest = '';

  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      const lines = (this.#rest + bytes.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
    });
  }

  /** The last that it said; for messages. */
  get tail(): string {
    return this.#lines.slice(-5).join('\n');
  }

  /** The last line that is about one of these events. */
  last(...events: readonly string[]): string | undefined {
    return this.#lines.findLast((line) =>
      events.some((event) => line.includes(`"event":"${event}"`)),
    );
  }

  /** The lines of JSON that tell of this. */
  logged(event: string): Logged[] {
    return this.#lines
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as Logged);
  }

  /** Waits until it has said so, which may be long ago. Throws where it ended instead. */
  async hasSaid(text: string): Promise<void> {
    await until(() => {
      if (this.#lines.some((line) => line.includes(text))) return true;
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.tail}`);
      return false;
    });
  }

  /** Its exit code; null where it was killed. */
  async end(name: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    signal(this.#child, name);
    await this.#ended;
    return this.#child.exitCode;
  }
}
