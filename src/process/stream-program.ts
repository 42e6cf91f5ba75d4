import { collectStderr, Program, ProgramError, type StartOptions } from './program.ts';

export interface StreamOptions extends StartOptions {
  /** Called with the first line on stderr of a program that succeeds. */
  readonly onMessage?: (line: string) => void;
}

/** How long the program may write nothing once it has all its input. */
const TIME_LIMIT_SECONDS = 600;
/** Programs write a few KiB at a time; larger pieces cost their reader less. */
const PIECE_BYTES = 65_536;

/**
 * Runs a program as a filter: feeds it the input as fast as it takes it and yields what it writes,
 * in pieces that are only valid until the next one. Throws what reading the input throws, and
 * ProgramError if the program cannot be run, exits with a status other than 0, or hangs.
 */
export async function* streamProgram(
  path: string,
  args: readonly string[],
  input: AsyncIterable<Buffer>,
  { onMessage, ...options }: StreamOptions = {},
): AsyncGenerator<Buffer> {
  const program = new Program(path, args, options);
  const stderr = collectStderr(program);
  const inputFailure = feed(program, input).then(
    () => undefined,
    (cause: unknown) => {
      program.end('lost its input');
      return { cause };
    },
  );
  try {
    for await (const piece of gathered(program)) {
      if (program.stdin.writableEnded) program.limitTime(TIME_LIMIT_SECONDS);
      yield piece;
    }
    const ending = await program.ended;
    const broken = await inputFailure;
    if (broken !== undefined) throw broken.cause;
    const [line = ''] = stderr().split(/\s*\n\s*/, 1);
    if (ending.failure !== undefined || ending.status !== 0) {
      throw ProgramError.of(path, ending, line);
    }
    if (line !== '') onMessage?.(line);
  } finally {
    // The reader may have stopped early.
    program.end('was stopped');
  }
}

async function feed(program: Program, input: AsyncIterable<Buffer>): Promise<void> {
  const { stdin } = program;
  for await (const chunk of input) {
    // A chunk is only valid until the next: it must have been written by then.
    const error = await new Promise((resolve) => stdin.write(chunk, resolve));
    if (error) return;
  }
  stdin.end();
  program.limitTime(TIME_LIMIT_SECONDS);
}

async function* gathered(program: Program): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let length = 0;
  for await (const chunk of program.output()) {
    for (let start = 0; start < chunk.length; ) {
      const copied = chunk.copy(buffer, length, start);
      length += copied;
      start += copied;
      if (length < buffer.length) continue;
      yield buffer;
      length = 0;
    }
  }
  if (length > 0) yield buffer.subarray(0, length);
}
