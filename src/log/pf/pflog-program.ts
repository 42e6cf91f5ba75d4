import { collectStderr, Program, ProgramError } from '../../process/program.ts';

/** What pf logs, live: tcpdump(8) captures it from the interface. */
export class PflogProgram {
  readonly cursor = undefined;
  readonly #path: string;
  readonly #program: Program;
  #isEnded = false;

  constructor(path: string, device: string) {
    this.#path = path;
    // -U: each packet at once; -s: the headers are enough.
    this.#program = new Program(path, ['-n', '-U', '-s', '160', '-i', device, '-w', '-']);
    this.#program.stdin.end();
  }

  get hasMore(): boolean {
    return this.#program.stdout.readableLength > 0;
  }

  /** Throws ProgramError if tcpdump ends by itself. */
  async *chunks(): AsyncGenerator<Buffer> {
    const stderr = collectStderr(this.#program);
    yield* this.#program.output();
    const ending = await this.#program.ended;
    if (this.#isEnded) return;
    // The first line says on what it listens.
    throw ProgramError.of(this.#path, ending, stderr().split('\n').at(-1) ?? '');
  }

  end(): void {
    this.#isEnded = true;
    this.#program.end('was stopped');
  }
}
