import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { collectStderr, Program, ProgramError, type StartOptions } from './program.ts';

export interface InputOptions {
  /** Written to its stdin. */
  readonly input?: Iterable<Uint8Array> | undefined;
  /** Default: 120. */
  readonly timeLimitSeconds?: number | undefined;
  /** How much it may write to stdout before it is ended. Default: 512 MiB. */
  readonly outputLimitBytes?: number | undefined;
}

/** How a program exited, and what it wrote. */
export interface Finished {
  /** The exit status is 0. */
  readonly ok: boolean;
  readonly stdout: Buffer;
  /** The first 16 KiB. */
  readonly stderr: string;
}

const TIME_LIMIT_SECONDS = 120;
const OUTPUT_LIMIT_BYTES = 512 * 1024 * 1024;

/**
 * Runs a program to its end, by its full path. Throws ProgramError if it cannot be run, exceeds a
 * limit or is ended by a signal; the exit status is left to the caller.
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  {
    input = [],
    timeLimitSeconds = TIME_LIMIT_SECONDS,
    outputLimitBytes = OUTPUT_LIMIT_BYTES,
    ...options
  }: InputOptions & StartOptions = {},
): Promise<Finished> {
  const program = new Program(path, args, options);
  program.limitTime(timeLimitSeconds);
  const stderr = collectStderr(program);
  const chunks: Buffer[] = [];
  let bytes = 0;
  program.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= outputLimitBytes) chunks.push(chunk);
    else program.end(`wrote more than ${outputLimitBytes} bytes`);
  });
  const fed = pipeline(Readable.from(inTurns(input), { objectMode: false }), program.stdin).catch(
    () => undefined,
  );
  const { status, failure } = await program.ended;
  program.stdin.destroy();
  await fed;
  if (failure !== undefined) throw new ProgramError(program.path, failure);
  return { ok: status === 0, stdout: Buffer.concat(chunks), stderr: stderr() };
}

/** Other work has its turn between the chunks, which may take milliseconds to make. */
async function* inTurns(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    await new Promise(setImmediate);
  }
}

/** What a program wrote to stderr, as one line of at most 500 characters. */
export function wordsOf(stderr: string): string {
  const words = stderr.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return words === '' ? 'no error message' : words.slice(0, 500);
}
