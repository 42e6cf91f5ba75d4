import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BlockQueue, type BlockRequest } from '../../../src/fleet/pubsub/block-queue.ts';
import { CommandQueue, type CommandReport } from '../../../src/fleet/pubsub/command-queue.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-queue-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the block queue', () => {
  const request: BlockRequest = {
    prefix: parsePrefix('192.0.2.1'),
    address: undefined,
    message: undefined,
    isSigned: false,
    channel: 'block',
    isDuplicate: false,
  };

  it('stores each ban once and in order through a failure of the store, and then applies', async () => {
    const stored: number[] = [];
    const failures: string[] = [];
    let applied = 0;
    const queue = new BlockQueue({
      store: (requests) => {
        if (failures.length === 0) throw new Error('the disk is full');
        stored.push(...requests.map(({ prefix }) => prefix.a));
        return requests.map(({ prefix }) => ({ outcome: 'new', prefix, expiresAt: undefined }));
      },
      add: async () => false,
      apply: async () => {
        applied = stored.length;
      },
      onResult: () => {},
      onFailure: (part) => failures.push(part),
    });
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    for (const a of numbers) queue.add({ ...request, prefix: { ...request.prefix, a } });
    await until(() => applied === 1000);
    expect([stored, failures]).toEqual([numbers, ['store']]);
    await queue.close();
  });

  it('applies again for bans that arrive meanwhile', async () => {
    const applied: (() => void)[] = [];
    const queue = new BlockQueue({
      store: (requests) =>
        requests.map(({ prefix }) => ({ outcome: 'new', prefix, expiresAt: undefined })),
      add: async () => false,
      apply: () => new Promise((resolve) => applied.push(resolve)),
      onResult: () => {},
      onFailure: () => {},
    });
    queue.add(request);
    await until(() => applied.length === 1);
    queue.add(request);
    await until(() => queue.size === 0);
    // However long the last time took.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    onTestFinished(() => clock.mockRestore());
    applied[0]?.();
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect(applied.length).toBe(2);
    applied[1]?.();
    await queue.close();
  });

  it('adds new bans at once while the whole firewall is checked, and does not check it for their sake', async () => {
    const done: string[] = [];
    const checks: (() => void)[] = [];
    const queue = new BlockQueue({
      store: (requests) =>
        requests.map(({ prefix }) => ({
          outcome: prefix.a === 2 ? 'extended' : 'new',
          prefix,
          expiresAt: undefined,
        })),
      add: async (prefixes) => {
        done.push(`add ${prefixes.map(({ a }) => a).join(' ')}`);
        return true;
      },
      apply: () => {
        done.push('apply');
        return new Promise((resolve) => checks.push(resolve));
      },
      onResult: () => {},
      onFailure: () => {},
    });
    queue.applySoon();
    for (const a of [1, 2, 3]) queue.add({ ...request, prefix: { ...request.prefix, a } });
    await until(() => done.length === 2);
    expect(done).toEqual(['apply', 'add 1 3']);
    checks[0]?.();
    await queue.close();
    expect(done).toEqual(['apply', 'add 1 3']);
  });

  it('is bounded', async () => {
    const queue = new BlockQueue(
      {
        store: () => [],
        add: async () => false,
        apply: async () => {},
        onResult: () => {},
        onFailure: () => {},
      },
      10,
    );
    const accepted = Array.from({ length: 15 }, () => queue.add(request));
    expect(accepted.filter(Boolean).length).toBe(10);
    expect(queue.size).toBe(10);
    await queue.close();
  });
});

describe('the command queue', () => {
  it('passes arguments unchanged, without a shell', async () => {
    const [report] = await run({}, ['/usr/bin/printf', '<%s>', '$(id)', '`id`', 'a b', '*', ';']);
    expect(report).toMatchObject({ status: 0, output: '<$(id)><`id`><a b><*><;>' });
  });

  it('reports the exit status and the start of the output', async () => {
    const long = 'head -c 100000 /dev/zero | tr "\\0" x; echo problem >&2; exit 3';
    const [report] = await run({}, ['/bin/sh', '-c', long]);
    expect(report?.status).toBe(3);
    expect(report?.output.length).toBe(4096);
    const [missing] = await run({}, ['/nonexistent']);
    expect(missing?.error).toMatch('no such file');
  });

  it('kills a command and its children at the time limit', async () => {
    const file = join(folder, 'pid');
    const script = `sleep 600 & echo $! > ${file}; wait`;
    const [report] = await run({ timeLimitSeconds: 0.3 }, ['/bin/sh', '-c', script]);
    expect(report?.signal).toBe('SIGKILL');
    const pid = Number(readFileSync(file, 'utf8'));
    await until(() => !isAlive(pid));
  });

  it('bounds the commands that run and that wait', async () => {
    const reports: CommandReport[] = [];
    const limits = { atOnce: 2, waiting: 3, timeLimitSeconds: 60 };
    const queue = new CommandQueue(limits, (report) => reports.push(report));
    const file = join(folder, 'running');
    const go = join(folder, 'go');
    const script = `echo + >> ${file}; until [ -e ${go} ]; do sleep 0.01; done; echo - >> ${file}`;
    const accepted = Array.from({ length: 8 }, () =>
      queue.add({ channel: 'c', argv: ['/bin/sh', '-c', script] }),
    );
    expect(accepted.filter(Boolean).length).toBe(5);
    await until(() => existsSync(file) && readFileSync(file, 'utf8') === '+\n+\n');
    writeFileSync(go, '');
    await until(() => reports.length === 5);
    let running = 0;
    for (const sign of readFileSync(file, 'utf8').trim().split('\n')) {
      running += sign === '+' ? 1 : -1;
      expect(running).toBeLessThanOrEqual(2);
    }
    queue.close();
    expect(queue.add({ channel: 'c', argv: ['/bin/true'] })).toBe(false);
  });
});

async function run(
  limits: { timeLimitSeconds?: number },
  argv: [string, ...string[]],
): Promise<CommandReport[]> {
  const reports: CommandReport[] = [];
  const queue = new CommandQueue(
    { atOnce: 1, waiting: 1, timeLimitSeconds: 60, ...limits },
    (report) => reports.push(report),
  );
  queue.add({ channel: 'c', argv });
  await until(() => reports.length > 0);
  return reports;
}

/** A process that has ended but was not waited for is dead too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
