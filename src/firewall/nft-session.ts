import { Program } from '../process/program.ts';

/** It answers this at once; commands that succeed write nothing. */
const QUESTION = 'describe ipv4_addr\n';
const ANSWER = /^datatype ipv4_addr/m;
/** It echoes what it reads, where it was built with readline. */
const MAX_OUTPUT_CHARACTERS = 65_536;
const LIMIT_MILLISECONDS = 2000;

/**
 * A running `nft -i`, which carries out commands as they come. Starting nft for each takes ten times as
 * long, and holds up this process meanwhile.
 */
export class NftSession {
  readonly #program: Program;
  #answers = 0;
  #stdout = '';
  #stderr = '';
  #onAnswer: () => void = () => {};

  constructor(nft: string) {
    // There it finds and writes no history.
    this.#program = new Program(nft, ['-i'], { home: '/dev/null' });
    const { stdout, stderr } = this.#program;
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-MAX_OUTPUT_CHARACTERS);
      if (ANSWER.test(this.#stdout)) this.#onAnswer();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, MAX_OUTPUT_CHARACTERS);
    });
  }

  /** How many scripts it has carried out. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * Carries out a script as of nftChangeText, each command in a transaction of its own. Returns what nft
   * wrote to stderr, which is empty if it succeeded; undefined if nft does not answer.
   */
  async run(script: string): Promise<string | undefined> {
    this.#stdout = '';
    this.#stderr = '';
    let timer: NodeJS.Timeout | undefined;
    const isAnswered = await new Promise<boolean>((resolve) => {
      this.#onAnswer = () => resolve(true);
      timer = setTimeout(() => resolve(false), LIMIT_MILLISECONDS);
      void this.#program.ended.then(() => resolve(false));
      // A line is a command.
      this.#program.stdin.write(script.replaceAll(/([{,])\n/g, '$1') + QUESTION);
    });
    clearTimeout(timer);
    // What it wrote to stderr before it answered is read by then.
    await new Promise(setImmediate);
    if (!isAnswered) return undefined;
    this.#answers++;
    return this.#stderr;
  }

  end(): void {
    this.#program.end('was not needed');
  }
}
