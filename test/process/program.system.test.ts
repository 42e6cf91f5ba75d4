import { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Program, ProgramError } from '../../src/process/program.ts';
import { runProgram } from '../../src/process/run-program.ts';
import { streamProgram } from '../../src/process/stream-program.ts';
import { until } from '../support/until.ts';

const NODE = process.execPath;

afterEach(() => vi.restoreAllMocks());

/** Records every signal that this process sends, and sends none. */
function watchSignals() {
  const own = vi.spyOn(process, 'kill').mockReturnValue(true);
  const child = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  return () => [...own.mock.calls, ...child.mock.calls];
}

/** Makes every start fail as Node does, which makes no streams without a free file descriptor. */
function failStarts(code: string, isThrown: boolean) {
  const error = Object.assign(new Error(`spawn ${code}`), { code });
  // Node declares no types for it.
  const prototype = ChildProcess.prototype as unknown as { spawn: () => void };
  vi.spyOn(prototype, 'spawn').mockImplementation(function fail(this: ChildProcess) {
    if (isThrown) throw error;
    process.nextTick(() => this.emit('error', error));
  });
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function drain(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const chunk of chunks) copies.push(Buffer.from(chunk));
  return Buffer.concat(copies);
}

describe('a program that cannot be started', () => {
  const failures = [
    ['ENOENT', undefined],
    ['EAGAIN', false],
    ['EMFILE', false],
    ['EPERM', true],
  ] as const;

  it.each(failures)('is never signalled and is reported (%s)', async (code, isThrown) => {
    if (isThrown !== undefined) failStarts(code, isThrown);
    const signals = watchSignals();
    const path = '/nonexistent/program';

    const program = new Program(path, [], { ownGroup: true });
    program.limitTime(60);
    program.end('was stopped');
    const ending = await program.ended;
    program.end('was stopped again');
    expect(ending).toMatchObject({ status: undefined, signal: undefined });

    await expect(runProgram(path, [])).rejects.toThrow(`${path}: `);
    const reading = drain(streamProgram(path, [], oneChunk(Buffer.alloc(1_000_000))));
    await expect(reading).rejects.toThrow(ProgramError);
    expect(signals()).toEqual([]);
  });
});

describe('a program that has ended', () => {
  it('is not signalled', async () => {
    const program = new Program(NODE, ['-e', ''], { ownGroup: true });
    program.stdin.end();
    for (const stream of [program.stdout, program.stderr]) stream.resume();
    expect(await program.ended).toEqual({ status: 0, signal: undefined, failure: undefined });
    const signals = watchSignals();
    program.end('was stopped');
    expect(signals()).toEqual([]);
  });

  it('is not signalled either where what it left in the background has its streams', async () => {
    const program = new Program('/bin/sh', ['-c', 'sleep 600 & echo $!'], { ownGroup: true });
    program.stdin.end();
    program.stderr.resume();
    const [line] = (await once(program.stdout, 'data')) as [Buffer];
    const left = Number(line.toString());
    const signals = watchSignals();
    try {
      // Until it has exited, its group is signalled; that is only recorded here.
      await until(() => {
        const before = signals().length;
        program.end('was stopped');
        return signals().length === before;
      });
      expect(await program.ended).toMatchObject({ failure: 'was stopped' });
    } finally {
      vi.restoreAllMocks();
      process.kill(left, 'SIGKILL');
    }
  });
});

describe('a program', () => {
  it('inherits neither the environment nor the working folder', async () => {
    const script =
      'console.log(JSON.stringify([process.env.HOME, process.env.LC_ALL, process.cwd()]))';
    const { stdout } = await runProgram(NODE, ['-e', script]);
    expect(JSON.parse(stdout.toString())).toEqual([null, 'C', '/']);
  });

  it.skipIf(process.getuid?.() !== 0)('runs as another user (needs root)', async () => {
    const { stdout } = await runProgram('/usr/bin/id', [], { user: { uid: 12_345, gid: 12_346 } });
    expect(stdout.toString()).toMatch(/^uid=12345 gid=12346 groups=12346$/m);
  });
});
