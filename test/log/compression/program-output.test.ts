import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { outputOf } from '../../../src/log/compression/program-output.ts';

/** A program of node, and what it writes. */
async function outputOfScript(script: string, between: () => Promise<unknown>): Promise<Buffer> {
  const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  return joined(outputOf(program.stdout), between);
}

async function joined(
  pieces: AsyncIterable<Buffer>,
  between: () => Promise<unknown>,
): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) {
    copies.push(Buffer.from(piece));
    await between();
  }
  return Buffer.concat(copies);
}

const numbers = (count: number): string => `${Array.from({ length: count }, (_, i) => i).join()}\n`;

describe('the output of a program', () => {
  const many = `process.stdout.write(Array.from({ length: 300_000 }, (_, i) => i).join() + '\\n')`;

  it('comes whole and in order', async () => {
    const output = await outputOfScript(many, () => Promise.resolve());
    expect(output.toString() === numbers(300_000)).toBe(true);
  });

  it('comes whole although the event loop turns, and the program ends, between the pieces', async () => {
    const output = await outputOfScript(many, () => setTimeout(20));
    expect(output.toString() === numbers(300_000)).toBe(true);
  });

  it('comes whole where there is little at a time', async () => {
    const little = `let i = 0; const next = () => { process.stdout.write(i + '\\n'); if (++i < 40) setTimeout(next, 1); }; next()`;
    const output = await outputOfScript(little, () => Promise.resolve());
    expect(output.toString()).toBe(Array.from({ length: 40 }, (_, i) => `${i}\n`).join(''));
  });

  it('comes whole from a stream that has no descriptor', async () => {
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(5_000, i));
    const output = await joined(outputOf(Readable.from(pieces, { objectMode: false })), () =>
      Promise.resolve(),
    );
    expect(output.equals(Buffer.concat(pieces))).toBe(true);
  });

  it('is closed when nobody wants more', async () => {
    const program = spawn(process.execPath, ['-e', many], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const piece of outputOf(program.stdout)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(program.stdout.destroyed).toBe(true);
    program.kill();
  });

  it('is over where there is none', async () => {
    expect((await outputOfScript('', () => Promise.resolve())).length).toBe(0);
  });
});
