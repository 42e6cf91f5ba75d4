import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { signal } from '../../../src/process/program.ts';
import type { Namespace } from '../../firewall/namespace.ts';

/** What is under test may be bundled elsewhere. */
const FOLDER = join(process.cwd(), 'test', 'end-to-end', 'fleet');

/** prober.mjs, in a namespace. */
class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(namespace: Namespace, ...args: readonly string[]) {
    const script = join(FOLDER, 'prober.mjs');
    const [program, ...rest] = namespace.argv(process.execPath, script, ...args);
    this.#child = spawn(program, rest, { stdio: 'pipe' });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async next(): Promise<unknown> {
    const { value } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (value === undefined) throw new Error('the prober ended');
    return JSON.parse(value);
  }

  say(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  kill(): void {
    signal(this.#child, 'SIGKILL');
  }
}

/** A host that gives back packets which its firewall lets in. */
export async function answerPackets(namespace: Namespace): Promise<{ readonly kill: () => void }> {
  const program = new Program(namespace, 'echo');
  await program.next();
  return program;
}

/** Whoever has all addresses that attack, and one that never does. */
export class Prober {
  readonly #program: Program;
  #last: Promise<unknown>;

  constructor(namespace: Namespace, friend: string) {
    this.#program = new Program(namespace, 'ask', friend);
    this.#last = this.#program.next();
  }

  /** Whether packets from there are let in here; what is asked for is done one after the other. */
  isOpen(from: string, to: string): Promise<boolean> {
    return this.#ask<boolean>({ action: 'isOpen', from, to });
  }

  /**
   * Knocks all the time, appends the text to the file meanwhile, and gives the milliseconds from
   * then to the first packet that was dropped.
   */
  async strike(from: string, to: string, file: string, text: string): Promise<number> {
    const taken = await this.#ask<number | null>({ action: 'strike', from, to, file, text });
    if (taken === null) throw new Error(`packets from ${from} are let in`);
    return taken;
  }

  get(url: string): Promise<string> {
    return this.#ask<string>({ action: 'get', url });
  }

  kill(): void {
    this.#program.kill();
  }

  #ask<T>(command: object): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#program.say(command);
      const said = await this.#program.next();
      if (typeof said === 'object' && said !== null && 'error' in said) {
        throw new Error(String(said.error));
      }
      return said as T;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}
