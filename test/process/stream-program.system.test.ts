import { describe, expect, it } from 'vitest';
import { ProgramError } from '../../src/process/program.ts';
import { streamProgram } from '../../src/process/stream-program.ts';

const NODE = process.execPath;
const CAT = 'process.stdin.pipe(process.stdout)';
const NUMBERS = `process.stdout.write(Array.from({ length: 300_000 }, (_, i) => i).join())`;

async function* chunksOf(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('x');
  throw new Error('the disk is gone');
}

async function outputOf(script: string, input: AsyncIterable<Buffer> = chunksOf()) {
  const messages: string[] = [];
  const onMessage = (line: string): void => void messages.push(line);
  const copies: Buffer[] = [];
  for await (const piece of streamProgram(NODE, ['-e', script], input, { onMessage })) {
    copies.push(Buffer.from(piece));
  }
  return { output: Buffer.concat(copies), messages };
}

describe('a program as a filter', () => {
  it('gets all input and gives all output', async () => {
    const chunks = Array.from({ length: 50 }, (_, i) => Buffer.alloc(50_000, i));
    const { output, messages } = await outputOf(CAT, chunksOf(...chunks));
    expect(output.equals(Buffer.concat(chunks))).toBe(true);
    expect(messages).toEqual([]);
  });

  it('gives all output although it does not read its input', async () => {
    const { output } = await outputOf(NUMBERS, chunksOf(Buffer.alloc(5_000_000)));
    expect(output.toString()).toBe(Array.from({ length: 300_000 }, (_, i) => i).join());
  });

  it('gives what was written a little at a time', async () => {
    const script = `let i = 0; const next = () => { process.stdout.write(i + '\\n'); if (++i < 40) setTimeout(next, 1); }; next()`;
    const { output } = await outputOf(script);
    expect(output.toString()).toBe(Array.from({ length: 40 }, (_, i) => `${i}\n`).join(''));
  });

  it('passes on the first line on stderr if it succeeds', async () => {
    const { messages } = await outputOf('console.error(" a\\nb")');
    expect(messages).toEqual(['a']);
  });

  it.each([
    ['fails', 'console.error("broken"); process.exitCode = 2', 'broken'],
    ['fails silently', 'process.exitCode = 2', 'exited with status 2'],
    ['is killed', 'process.kill(process.pid, "SIGSEGV")', 'killed by SIGSEGV'],
  ])('throws the reason if it %s', async (_, script, reason) => {
    const error: unknown = await outputOf(script).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProgramError);
    expect(error).toMatchObject({ code: 'program', reason });
  });

  it('throws what its input throws', async () => {
    await expect(outputOf(CAT, broken())).rejects.toThrow('the disk is gone');
  });

  it('is ended when its reader stops', async () => {
    let isReturned = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        isReturned = true;
      }
    }
    for await (const piece of streamProgram(NODE, ['-e', CAT], endless())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => isReturned).toBe(true);
  });
});
