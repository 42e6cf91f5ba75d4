import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { reasonOf } from '../../errors.ts';
import type { Chunks } from '../source.ts';
import { outputOf } from './program-output.ts';

/** Where the system keeps its programs; PATH is not asked, as it may be anybody's. */
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/bin', '/opt/homebrew/bin'];
/** LBZIP2, BZIP2, XZ_OPT and their like would add options. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
const STDERR_LIMIT_CHARACTERS = 2000;
/** Enough for the end of any stream, wherever in a byte it lies. */
const TAIL_BYTES = 32;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** What a program that decompresses made of its input. */
export interface Outcome {
  /** Undefined: it succeeded. Else what it said. */
  failure: string | undefined;
  /** What it said although it succeeded. */
  said: string;
  /** The last bytes that it was given. */
  tail: Buffer;
}

/** The full path of a program, undefined where the system has none. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs the program on the input and gives its output as it comes, in pieces that are only valid
 * until the next one; `outcome` is filled in at the end.
 * Throws what reading the input throws, and nothing else.
 */
export async function* runDecompressor(
  path: string,
  argv: readonly string[],
  input: Chunks,
  outcome: Outcome,
): AsyncGenerator<Buffer> {
  const child = spawn(path, argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: PROGRAM_ENVIRONMENT,
  });
  const said = listen(child);
  const ended = endOf(child);
  let brokenInput: unknown;
  const fed = feed(child, input, outcome).catch((cause: unknown) => {
    brokenInput = cause;
    child.kill();
  });
  try {
    yield* outputOf(child.stdout);
    const status = await ended;
    await fed;
    if (brokenInput !== undefined) throw brokenInput;
    outcome.failure = status === '' ? undefined : said() || status;
    outcome.said = said();
  } finally {
    child.kill();
    child.stdin.destroy();
  }
}

async function feed(child: Child, input: Chunks, outcome: Outcome): Promise<void> {
  // A program that gives up closes its end; how it ended says the rest.
  child.stdin.on('error', () => undefined);
  for await (const chunk of input) {
    outcome.tail = Buffer.from(
      Buffer.concat([outcome.tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES),
    );
    // The chunk is gone when the next one is asked for: so it must have been written by then.
    const failed = await new Promise((resolve) => child.stdin.write(chunk, resolve));
    if (failed) return;
  }
  child.stdin.end();
}

/** What the program says on stderr, in one line. */
function listen(child: Child): () => string {
  let text = '';
  child.stderr.setEncoding('latin1');
  child.stderr.on('data', (data: string) => {
    text = (text + data).slice(0, STDERR_LIMIT_CHARACTERS);
  });
  return () => text.trim().split(/\s*\n\s*/, 1)[0] ?? '';
}

/** How the program ended, in words; empty where all went well. */
function endOf(child: Child): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`it cannot be run: ${reasonOf(error)}`));
    child.on('close', (code, signal) => {
      resolve(
        code === 0 ? '' : code === null ? `it was ended by ${signal}` : `it ended with ${code}`,
      );
    });
  });
}
