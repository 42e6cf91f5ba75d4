import { availableParallelism } from 'node:os';
import { Bunzip2Program } from './bunzip2-program.ts';

/** We could not follow more. */
const MOST_PROGRAMS = 4;
/** What the programs write while one is worked on does not quite fill their pipes. */
const PIECE_BYTES = 131_072;

/** One bzip2 per core, and the order of what comes from them. */
export class Bunzip2Programs {
  readonly #path: string;
  readonly #marker: Buffer;
  readonly #most = Math.min(availableParallelism(), MOST_PROGRAMS);
  readonly #programs: Bunzip2Program[] = [];
  /** Which program has each part that is still to come. */
  readonly #turns: Bunzip2Program[] = [];

  /** `marker`: what comes behind each part. */
  constructor(path: string, marker: Buffer) {
    this.#path = path;
    this.#marker = marker;
  }

  /** There are parts that are still to come. */
  get arePending(): boolean {
    return this.#turns.length > 0;
  }

  /** A part can be given. */
  get areHungry(): boolean {
    return this.#programs.length < this.#most || this.#programs.some(({ isHungry }) => isHungry);
  }

  /** Only where they are hungry; the part need not be valid any longer afterwards. */
  give(part: Buffer): void {
    const program = this.#programs.length < this.#most ? this.#start() : this.#hungriest();
    program?.give(part);
    if (program !== undefined) this.#turns.push(program);
  }

  /** No more parts will be given. */
  finish(): void {
    for (const program of this.#programs) if (program.isHungry) program.finish();
  }

  /** Passes on and reads what can be now; how many bytes came. */
  turn(): number {
    return this.#programs.reduce((came, program) => came + program.turn(), 0);
  }

  /**
   * The next piece, only valid until the next turn; undefined where it has not come.
   * Throws Uncuttable where it never will.
   */
  take(): Buffer | undefined {
    for (;;) {
      const piece = this.#turns[0]?.take(PIECE_BYTES);
      if (piece?.length !== 0) return piece;
      this.#turns.shift();
    }
  }

  stop(): void {
    for (const program of this.#programs) program.stop();
  }

  #start(): Bunzip2Program {
    const program = new Bunzip2Program(this.#path, this.#marker);
    this.#programs.push(program);
    return program;
  }

  #hungriest(): Bunzip2Program | undefined {
    const load = (program: Bunzip2Program): number =>
      this.#turns.filter((turn) => turn === program).length;
    return this.#programs
      .filter(({ isHungry }) => isHungry)
      .toSorted((p, q) => load(p) - load(q))[0];
  }
}
