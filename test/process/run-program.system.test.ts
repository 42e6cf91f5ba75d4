import { describe, expect, it } from 'vitest';
import { runProgram, wordsOf } from '../../src/process/run-program.ts';

const NODE = process.execPath;

describe('runProgram', () => {
  it('returns the output and how the program ended', async () => {
    const finished = await runProgram(NODE, [
      '-e',
      'process.stdout.write("out"); process.stderr.write("err\\n"); process.exitCode = 3',
    ]);
    expect({ ...finished, stdout: finished.stdout.toString() }).toEqual({
      ok: false,
      stdout: 'out',
      stderr: 'err',
    });
  });

  it('writes the whole input, even to a slow reader', async () => {
    const input = Array.from({ length: 50 }, () => Buffer.alloc(100_000, 'x'));
    const count = `(async () => {
      let count = 0;
      for await (const bytes of process.stdin) {
        count += bytes.length;
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      }
      console.log(count);
    })()`;
    const { stdout } = await runProgram(NODE, ['-e', count], { input });
    expect(stdout.toString()).toBe('5000000\n');
  });

  it('ignores that a program does not read its input', async () => {
    const input = Array.from({ length: 50 }, () => Buffer.alloc(100_000, 'x'));
    expect((await runProgram(NODE, ['-e', ''], { input })).ok).toBe(true);
  });

  const forever = 'setTimeout(() => {}, 60_000)';

  it.each([
    ['takes too long', forever, 0.2, /timed out after 0\.2 seconds/],
    [
      'does not listen',
      `process.on("SIGTERM", () => {}); ${forever}`,
      0.2,
      /timed out after 0\.2 seconds/,
    ],
    ['writes too much', `process.stdout.write("x".repeat(1001)); ${forever}`, 60, /more than 1000/],
    ['is killed', 'process.kill(process.pid, "SIGSEGV")', 60, /killed by SIGSEGV/],
  ])('ends a program that %s', async (_, script, timeLimitSeconds, message) => {
    await expect(
      runProgram(NODE, ['-e', script], { timeLimitSeconds, outputLimitBytes: 1000 }),
    ).rejects.toMatchObject({ code: 'program', message: expect.stringMatching(message) });
  });

  it('reports a missing program', async () => {
    await expect(runProgram('/none/pfctl', [])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('/none/pfctl: no such file'),
    });
  });
});

describe('wordsOf', () => {
  it('returns one safe line', () => {
    expect(wordsOf('pfctl: a\n\u001b[31mb\n')).toBe('pfctl: a [31mb');
    expect(wordsOf('')).toBe('no error message');
    expect(wordsOf('x'.repeat(10_000))).toHaveLength(500);
  });
});
