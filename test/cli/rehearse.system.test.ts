import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const FIXTURE = 'fixtures/auth.log.0.bz2';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

interface RehearsalJson {
  readonly policy: string;
  readonly wouldNotHaveArrived: number;
  readonly withdrawn: number;
  readonly neverOffended4: number;
  readonly falseAlarms: readonly object[];
  readonly entries: readonly { readonly prefix: string }[];
}

/** A log with one line a minute. */
function logOf(...messages: readonly string[]): string {
  const log = line.path('auth.log');
  const lines = messages.map((message, minute) => {
    const time = new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString().slice(0, 19);
    return `${time}Z gw sshd[${minute + 1}]: ${message} port 4 ssh2\n`;
  });
  writeFileSync(log, lines.join(''));
  return log;
}

function configOf(name: string, text: string): string {
  const file = line.path(`${name}.toml`);
  writeFileSync(file, text);
  return file;
}

async function rehearsed(...words: readonly string[]): Promise<readonly RehearsalJson[]> {
  return await line.json<RehearsalJson[]>('rehearse', ...words);
}

const FAILED = 'Failed password for root from 5.149.105.9';

describe('rehearse', () => {
  it('says who would have been blocked, and what would not have arrived, and changes nothing', async () => {
    line.hasStore = false;
    const log = logOf(...Array.from({ length: 7 }, () => FAILED));
    expect(await rehearsed(log)).toMatchObject([
      {
        policy: 'now',
        offences: 7,
        wouldNotHaveArrived: 4,
        activations: 1,
        addresses4: 256,
        neverOffended4: 255,
        falseAlarms: [],
        entries: [
          {
            prefix: '5.149.105.0/24',
            activations: [{ number: 1, at: '2026-01-01T00:02:00Z', until: '2026-01-31T00:02:00Z' }],
          },
        ],
      },
    ]);
    expect(existsSync(line.db)).toBe(false);
  });

  it('counts an offence once where logs overlap', async () => {
    const log = logOf(FAILED, FAILED, FAILED, FAILED);
    const copy = line.path('auth.log.copy');
    writeFileSync(
      copy,
      `2025-12-31T10:00:00Z gw sshd[7]: no offence\n${readFileSync(log, 'utf8')}`,
    );
    expect(await rehearsed(log, copy)).toMatchObject([{ offences: 4, wouldNotHaveArrived: 1 }]);
  });

  it('compares policies, and shows the prefixes that differ', async () => {
    const log = logOf(...Array.from({ length: 7 }, () => FAILED));
    const strict = configOf('strict', 'offence.points = 10\nauto.length4 = 32\n');
    const { stdout } = await line.run('rehearse', '--config', strict, log);
    expect(stdout.split('\n').map((text) => text.trimEnd())).toEqual([
      '                                now  strict',
      'offences                          7       7',
      '  that would not have arrived     4       6',
      'prefixes blocked                  1       1',
      'activations                       1       1',
      'IPv4 addresses blocked          256       1',
      '  that never offended           255       0',
      'addresses that logged in later    0       0',
      '',
      'PREFIX        now             strict',
      '5.149.105/24  2026-01-01 30d  -',
      '5.149.105.9   -               2026-01-01 30d',
      '',
    ]);
  });

  it('knows a login from its time on: one that comes later is a false alarm', async () => {
    const other = 'Accepted password for bob from 5.149.105.10';
    const [now] = await rehearsed(logOf(FAILED, FAILED, FAILED, other, FAILED));
    expect(now).toMatchObject({
      wouldNotHaveArrived: 1,
      falseAlarms: [
        {
          address: '5.149.105.10',
          prefix: '5.149.105.0/24',
          blockedAt: '2026-01-01T00:02:00Z',
          blockedUntil: '2026-01-31T00:02:00Z',
          loggedInAt: '2026-01-01T00:03:00Z',
          whileBlocked: true,
        },
      ],
    });
    const before = await rehearsed(logOf(other, FAILED, FAILED, FAILED, other));
    expect(before).toMatchObject([{ activations: 1, falseAlarms: [] }]);
  });

  it('tells logins during a block from those after it', async () => {
    const short = configOf('short', 'penalty.first = "5m"\n');
    const harmless = Array.from({ length: 10 }, () => 'Connection closed by 9.9.9.9');
    const own = 'Accepted password for bob from 5.149.105.10';
    const log = logOf(FAILED, FAILED, FAILED, ...harmless, own);
    const all = await rehearsed('--also', short, log);
    const alarms = all.map(({ falseAlarms: [alarm] }) => alarm);
    expect(alarms).toMatchObject([{ whileBlocked: true }, { whileBlocked: false }]);
    const { stdout } = await line.run('rehearse', '--also', short, log);
    expect(stdout).toMatch(/logged in later +1 +1 *\n {2}while they were blocked +1 +0/);
    expect(stdout).toContain(
      'short: 5.149.105.10 logged in 2026-01-01 00:13, blocked 2026-01-01 00:02 to 2026-01-01 00:07 in',
    );
  });

  it('counts what a login takes back', async () => {
    const own = 'Accepted password for root from 5.149.105.9';
    const [now] = await rehearsed(logOf(FAILED, FAILED, FAILED, own));
    expect(now).toMatchObject({
      activations: 0,
      withdrawn: 1,
      entries: [],
      falseAlarms: [{ address: '5.149.105.9' }],
    });
  });

  it('spares what the allow-list of the store has', async () => {
    await line.run('allow', '5.149.105.9');
    expect(await rehearsed(logOf(FAILED, FAILED, FAILED))).toMatchObject([{ entries: [] }]);
  });

  it('shows three policies over a real log', async () => {
    const strict = configOf('strict', 'offence.points = 20\nauto.length4 = 22\n');
    const mild = configOf(
      'mild',
      'offence.points = 60\nauto.length4 = 32\n[[rule]]\nname = "root"\nusers = ["root"]\npoints = "x2"\n',
    );
    const args = ['--also', strict, '--also', mild, '--year', '2026', FIXTURE];
    const all = await rehearsed(...args);
    expect(all.map(({ policy }) => policy)).toEqual(['now', 'strict', 'mild']);
    const [kept, more] = all.map((one) => one.wouldNotHaveArrived) as [number, number];
    expect(more).toBeGreaterThan(kept);
    const [now, wide, alone] = all.map((one) => one.neverOffended4) as [number, number, number];
    expect(wide).toBeGreaterThan(now);
    expect(alone).toBe(0);
    const { stdout } = await line.run('rehearse', ...args);
    expect(stdout).toContain('more; use --verbose');
    expect((await line.run('rehearse', '--verbose', ...args)).stdout).not.toContain('--verbose');
  });

  it('tells configurations of one name apart by their paths', async () => {
    mkdirSync(line.path('old'));
    const all = [configOf('policy', ''), configOf('old/policy', '')];
    const compared = await rehearsed('--also', all[0]!, '--also', all[1]!, logOf(FAILED));
    expect(compared.map(({ policy }) => policy)).toEqual(['now', ...all]);
  });

  it('warns once of a log in which nothing is recognised', async () => {
    const log = line.path('other');
    writeFileSync(log, 'no log\n'.repeat(20));
    const { stderr } = await line.run('rehearse', '--also', configOf('other', ''), log);
    expect(stderr.match(/no line has the header of a log line/g)).toHaveLength(1);
  });

  it.each([
    ['rehearse -', /more than once: name files/],
    ['rehearse --also /none.toml /none.log', /\/none\.toml: no such file/],
    ['rehearse /none.log', /\/none\.log: no such file/],
  ])('refuses %s', async (command, message) => {
    const { exitCode, stderr } = await line.run(...command.split(' '));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
