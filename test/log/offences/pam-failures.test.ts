import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FollowedLines } from '../../../src/log/follow/follow-lines.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import type { ReadOptions } from '../../../src/log/read-options.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';

const options: ReadOptions = { scanners: await loadScanners(''), zone: 'UTC', points: new Map() };
const BOB = { user: 'bob', address: '192.0.2.7' };

interface Step {
  readonly module: string;
  readonly ok: boolean;
  readonly user: string;
  readonly address: string;
  readonly pid?: number;
  readonly program?: string;
  readonly second: number;
}

function lineOf({ module, ok, user, address, pid = 4711, program = 'auth', second }: Step): string {
  const time = new Date(Date.UTC(2026, 2, 23, 10, 0, second)).toISOString().slice(0, 19);
  const service = program === 'auth' ? 'dovecot' : program;
  const how = ok ? 'success' : 'failure';
  return `${time}Z gw ${program}[${pid}]: ${module}(${service}:auth): authentication ${how}; logname= uid=0 euid=0 tty=dovecot ruser=${user} rhost=${address}${ok ? '' : ' '} user=${user}\n`;
}

/** Of these steps in one log: the points of each address, and the logins. */
async function read(steps: readonly Step[]) {
  const text = steps.map(lineOf).join('');
  const source = memorySource('auth.log', [Buffer.from(text)], Date.UTC(2026, 2, 24) / 1000);
  const summary = await readOffences(source, { ...options, known: () => [] });
  const lines = new FollowedLines(options, undefined, 'auth.log', 0);
  lines.push(Buffer.from(text));
  const followed = lines.take(Date.UTC(2026, 2, 24) / 1000);
  const points = pointsOf(summary.groups(hostPrefix));
  expect(pointsOf(followed.groups(hostPrefix))).toEqual(points);
  const sum = Object.values(points).reduce((total, one) => total + one, 0);
  expect(summary.offenceCount * 10).toBe(sum);
  return { points, logins: summary.logins };
}

function pointsOf(
  groups: Awaited<ReturnType<typeof readOffences>>['groups'] extends (
    around: typeof hostPrefix,
  ) => infer Groups
    ? Groups
    : never,
): Record<string, number> {
  const points: Record<string, number> = {};
  for (const { offences } of groups) {
    for (const { address, points: own } of offences) {
      const key = formatAddress(address);
      points[key] = (points[key] ?? 0) + own;
    }
  }
  return points;
}

const unix = (second: number, more: Partial<Step> = {}): Step => ({
  module: 'pam_unix',
  ok: false,
  second,
  ...BOB,
  ...more,
});
const sss = (second: number, more: Partial<Step> = {}): Step => ({
  ...unix(second, more),
  module: 'pam_sss',
  ok: true,
});

describe('a failure of one module of PAM', () => {
  it('is none where another module accepts the user', async () => {
    const steps = [0, 100, 200].flatMap((second) => [unix(second), sss(second + 1)]);
    const { points, logins } = await read(steps);
    expect(points).toEqual({});
    expect(logins).toMatchObject([{ service: 'dovecot', user: expect.any(Number) }]);
  });

  it('is none in sshd, too, where the login is one of sshd', async () => {
    const program = 'sshd';
    const { points, logins } = await read([unix(0, { program }), sss(1, { program })]);
    expect(points).toEqual({});
    expect(logins).toMatchObject([{ service: 'sshd' }]);
  });

  it.each([
    ['another user', sss(1, { user: 'carol' })],
    ['another address', sss(1, { address: '192.0.2.8' })],
    ['another process', sss(1, { pid: 4712 })],
    ['another program', sss(1, { program: 'sshd' })],
    ['the same module', { ...sss(1), module: 'pam_unix' }],
    ['a success eleven seconds later', sss(11)],
    ['a failure of the other', { ...sss(1), ok: false }],
  ])('counts, with %s', async (_, step) => {
    expect((await read([unix(0), step])).points).toMatchObject({ '192.0.2.7': 10 });
  });

  it('is the latest one, and one for each success', async () => {
    const pids = [1, 2, 3].map((pid) => ({ pid }));
    const three = pids.map((pid, second) => unix(second, pid));
    expect((await read([...three, sss(4, { pid: 2 })])).points).toEqual({ '192.0.2.7': 20 });
    const again = [unix(0), unix(1), sss(2), unix(20), sss(21), sss(22)];
    expect((await read(again)).points).toEqual({ '192.0.2.7': 10 });
  });

  it('counts for somebody else of the same process and address', async () => {
    const carol = { user: 'carol' };
    expect((await read([unix(0), unix(1, carol), sss(2)])).points).toEqual({ '192.0.2.7': 10 });
    const both = [unix(0), unix(1, carol), sss(2), sss(3, carol)];
    expect((await read(both)).points).toEqual({});
    expect((await read([unix(0), sss(1), unix(20)])).points).toEqual({ '192.0.2.7': 10 });
  });

  it('never counts more than there are failures that nothing followed', async () => {
    const step = fc.record({
      module: fc.constantFrom('pam_unix', 'pam_sss'),
      ok: fc.boolean(),
      user: fc.constantFrom('bob', 'carol'),
      address: fc.constantFrom('192.0.2.7', '192.0.2.8'),
      pid: fc.constantFrom(1, 2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (drawn) => {
        const steps = drawn.map((one, second) => ({ ...one, second }));
        const { points } = await read(steps);
        expect(points).toEqual(slowPoints(steps));
      }),
      { numRuns: 300 },
    );
  });
});

/** A connection counts once as long as one of its failures is not taken back. */
function slowPoints(steps: readonly Step[]): Record<string, number> {
  const failures: Step[] = [];
  for (const one of steps) {
    if (!one.ok) {
      failures.push(one);
      continue;
    }
    const lapsed = failures.findLastIndex(
      (other) =>
        other.user === one.user &&
        other.address === one.address &&
        other.pid === one.pid &&
        other.module !== one.module &&
        one.second - other.second <= 10,
    );
    if (lapsed >= 0) failures.splice(lapsed, 1);
  }
  const connections = new Set(failures.map(({ address, pid }) => `${address} ${pid}`));
  const points: Record<string, number> = {};
  for (const connection of connections) {
    const [address = ''] = connection.split(' ');
    points[address] = (points[address] ?? 0) + 10;
  }
  return points;
}
