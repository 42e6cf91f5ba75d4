import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { McblockError, reasonOf } from '../errors.ts';

export interface Run {
  /** Written to its standard input. */
  readonly input?: Iterable<Uint8Array>;
  readonly timeLimitSeconds?: number;
  /** What it may write; a program that writes more is ended. */
  readonly outputLimitBytes?: number;
}

/** How a program ended, and what it said. */
export interface Finished {
  readonly ok: boolean;
  readonly stdout: Buffer;
  /** At most 16 KiB of it. */
  readonly stderr: string;
}

const TIME_LIMIT_SECONDS = 120;
const OUTPUT_LIMIT_BYTES = 512 * 1024 * 1024;
const STDERR_LIMIT_CHARACTERS = 16 * 1024;

/**
 * Runs a program by its full path, with fixed arguments, without a shell and without what this
 * process has in its environment. Throws McblockError 'program' where it cannot be run, takes too
 * long, writes too much or is ended by a signal; what its exit code means is the caller's to say.
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  {
    input = [],
    timeLimitSeconds = TIME_LIMIT_SECONDS,
    outputLimitBytes = OUTPUT_LIMIT_BYTES,
  }: Run = {},
): Promise<Finished> {
  const child = spawn(path, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // pfctl and nft speak English then, and find nothing of the user's.
    env: { PATH: '/sbin:/usr/sbin:/bin:/usr/bin', LC_ALL: 'C' },
  });
  let failure: string | undefined;
  const end = (why: string): void => {
    failure ??= why;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(
    () => end(`took more than ${timeLimitSeconds} seconds and was ended`),
    timeLimitSeconds * 1000,
  );
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > outputLimitBytes) end(`wrote more than ${outputLimitBytes} bytes and was ended`);
    else chunks.push(chunk);
  });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(0, STDERR_LIMIT_CHARACTERS);
  });
  const closed = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      failure ??= `cannot be run: ${reasonOf(error)}`;
      resolve(null);
    });
    child.on('close', (code, signal) => {
      if (code === null) failure ??= `was ended by ${signal}`;
      resolve(code);
    });
  });
  // A program that gives up early closes its end; how it ended says the rest.
  const fed = pipeline(Readable.from(input, { objectMode: false }), child.stdin).catch(
    () => undefined,
  );
  const code = await closed;
  clearTimeout(timer);
  child.stdin.destroy();
  await fed;
  if (failure !== undefined) throw new McblockError('program', `${path} ${failure}`);
  return { ok: code === 0, stdout: Buffer.concat(chunks), stderr: stderr.trim() };
}

/** What a program said, in one line, for the end of a sentence. */
export function wordsOf(stderr: string): string {
  const words = stderr.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return words === '' ? 'it said nothing' : words.slice(0, 500);
}
