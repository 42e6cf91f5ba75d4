import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../../support/command-line.ts';

const HOME = '5.149.105.9';
const NEIGHBOUR = '5.149.105.77';
const NETWORK = '5.149.105.0/24';

let line: CommandLine;
let count = 0;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

interface Told {
  readonly address?: string;
  readonly count?: number;
  /** `HH:MM` of 23 March, or a whole time. */
  readonly at: string;
  readonly user?: string;
}

function failures({ address = HOME, count: times = 1, at, user = 'bob' }: Told): string[] {
  return lines(times, at, `Failed password for ${user} from ${address} port 4711 ssh2`);
}

/** So many in one second. */
function atOnce(times: number): string[] {
  return Array.from({ length: times }, () => failures({ at: '10:00' })).flat();
}

function login({ address = HOME, at, user = 'bob' }: Told): string[] {
  return lines(1, at, `Accepted password for ${user} from ${address} port 4711 ssh2`);
}

function lines(times: number, at: string, message: string): string[] {
  const first = Date.parse(at.length === 5 ? `2026-03-23T${at}:00Z` : at);
  return Array.from({ length: times }, (_, index) => {
    const time = new Date(first + index * 1000).toISOString().slice(0, 19);
    return `${time}Z gw sshd[${1000 + count++}]: ${message}\n`;
  });
}

interface Report {
  readonly withdrawn: string[];
  readonly entries: readonly { prefix: string; outcome: string; hits: number }[];
  readonly spared: readonly object[];
}

/** Reads a log with these lines, after a dry run that must say the same; returns what was withdrawn. */
async function grok(...told: readonly string[][]): Promise<string[]> {
  const log = line.path(`log-${count++}`);
  writeFileSync(log, told.flat().join(''));
  const [rehearsed] = await line.json<Report[]>('grok', '--dry-run', log);
  const [report] = await line.json<Report[]>('grok', log);
  expect(essence(rehearsed)).toEqual(essence(report));
  return report?.withdrawn ?? [];
}

function essence(report: Report | undefined): object {
  const rows = report?.entries.map(({ prefix, outcome, hits }) => ({ prefix, outcome, hits }));
  return { withdrawn: report?.withdrawn, spared: report?.spared, rows };
}

interface Shown {
  readonly prefix: string;
  readonly activations: number;
  readonly expiresAt: string;
  readonly hits: number;
}

const show = () => line.json<Shown[]>('show', '--all', NETWORK);
const rules = () => line.json<string[]>('emit');

async function explained(address = HOME) {
  const [found] = await line.json<
    {
      blocked: boolean;
      entries: { history: unknown[] }[];
      withdrawn: { prefix: string; withdrawnAt: string; activation: { evidence: unknown[] } }[];
    }[]
  >('explain', address);
  return found;
}

describe('an activation', () => {
  it('stays where a guesser got in after many failures, though they came in one second', async () => {
    const log = line.path('auth.log');
    // The log grows as it is read, as where it is followed.
    for (const more of [atOnce(20), atOnce(20), login({ at: '10:01' })]) {
      appendFileSync(log, more.join(''));
      await line.run('grok', log);
    }
    expect(await rules()).toEqual([NETWORK]);
    expect(await explained()).toMatchObject({ blocked: true, withdrawn: [] });
  });

  it('is withdrawn with a login that comes within the window, and the history says so', async () => {
    await grok(failures({ count: 3, at: '10:00' }));
    expect(await rules()).toEqual([NETWORK]);
    expect(await grok(login({ at: '12:00' }))).toEqual([NETWORK]);
    expect(await show()).toEqual([]);
    expect(await rules()).toEqual([]);
    expect(await explained()).toMatchObject({
      blocked: false,
      entries: [],
      withdrawn: [
        {
          prefix: NETWORK,
          withdrawnAt: '2026-03-24T00:00:00Z',
          activation: { number: 1, evidence: [{ address: HOME, count: 3 }] },
        },
      ],
    });
    const { stdout } = await line.run('explain', HOME);
    expect(stdout).toContain(
      '5.149.105/24: activation withdrawn 2026-03-24 00:00 UTC: a later login excuses its failures',
    );
    // What comes next is new.
    await grok(failures({ address: NEIGHBOUR, count: 3, at: '14:00' }));
    expect(await show()).toMatchObject([{ prefix: NETWORK, activations: 1, hits: 3 }]);
  });

  it('is withdrawn while the log is followed', async () => {
    const log = line.path('auth.log');
    const first = failures({ count: 3, at: '10:00' });
    writeFileSync(log, first.join(''));
    await line.run('watch', '--once', log);
    expect(await rules()).toEqual([NETWORK]);
    writeFileSync(log, [...first, ...login({ at: '12:00' })].join(''));
    const { stdout } = await line.run('watch', '--once', log);
    expect(stdout).toBe(`withdrawn 5.149.105/24: a login in ${log} excuses its failures\n`);
    expect(await rules()).toEqual([]);
  });

  it('leaves the entry as it was before', async () => {
    await line.run('--now', '2026-01-01', 'add', NETWORK, '--for', '1d', '--note', 'mine');
    const before = await show();
    await grok(failures({ count: 3, at: '10:00' }));
    expect(await show()).toMatchObject([{ activations: 2, hits: 3 }]);
    expect(await grok(login({ at: '12:00' }))).toEqual([NETWORK]);
    expect(
      (await show()).map(({ activations, expiresAt, hits }) => [activations, expiresAt, hits]),
    ).toEqual(before.map(({ activations, expiresAt, hits }) => [activations, expiresAt, hits]));
    expect((await explained())?.entries).toMatchObject([{ history: [{ number: 1 }] }]);
  });

  it('stays if it would have arisen all the same', async () => {
    await grok(
      failures({ count: 3, at: '10:00' }),
      failures({ address: NEIGHBOUR, count: 3, at: '10:30' }),
    );
    expect(await grok(login({ at: '12:00' }))).toEqual([]);
    expect(await show()).toMatchObject([{ activations: 1, hits: 6 }]);
    expect(await rules()).toHaveLength(8);
  });

  it('stays for a neighbour who lost its trust while it was active', async () => {
    await grok(
      failures({ address: NEIGHBOUR, count: 3, at: '10:00' }),
      login({ at: '10:01' }),
      failures({ count: 35, at: '10:02', user: 'root' }),
    );
    expect(await grok(login({ address: NEIGHBOUR, at: '12:00' }))).toEqual([]);
    expect(await rules()).toHaveLength(8);
  });

  it('gives back the failures of others, which go on counting', async () => {
    await grok(
      failures({ address: NEIGHBOUR, count: 2, at: '10:00' }),
      failures({ count: 1, at: '10:01' }),
    );
    expect(await grok(login({ at: '10:02' }))).toEqual([NETWORK]);
    await grok(failures({ address: NEIGHBOUR, at: '10:03' }));
    expect(await show()).toMatchObject([{ activations: 1, hits: 3 }]);
  });

  it('gives them back where other failures are pending too', async () => {
    await grok(
      failures({ address: NEIGHBOUR, count: 2, at: '10:00' }),
      failures({ count: 1, at: '10:01' }),
      failures({ address: '192.0.2.7', count: 1, at: '10:01' }),
    );
    const again = [login({ at: '10:02' }), failures({ address: NEIGHBOUR, at: '10:03' })];
    expect(await grok(...again)).toEqual([NETWORK]);
    expect(await show()).toMatchObject([{ activations: 1, hits: 3 }]);
  });

  it('stays after 5,000 tries, of which the last is right: the address is not trusted', async () => {
    await grok(failures({ count: 5000, at: '10:00', user: 'root' }));
    expect(await grok(login({ at: '12:00', user: 'root' }))).toEqual([]);
    expect(await rules()).toEqual([NETWORK]);
    await grok(login({ at: '13:00', user: 'root' }));
    expect(await rules()).toEqual([NETWORK]);
  });

  it.each([
    ['comes after the window', '2026-03-24T10:00:03Z', false],
    ['comes at the end of the window', '2026-03-24T10:00:01Z', true],
    ['was earlier, and is read later', '09:00', true],
    ['was earlier than the days of trust', '2026-02-20T09:00:00Z', false],
  ])('with a login that %s, at %s: withdrawn %s', async (_, at, isWithdrawn) => {
    await grok(failures({ count: 3, at: '10:00' }));
    line.now = '2026-03-25T00:00:00Z';
    expect(await grok(login({ at }))).toEqual(isWithdrawn ? [NETWORK] : []);
  });

  it('stays if somebody prolonged or ended it by hand', async () => {
    await grok(failures({ count: 3, at: '10:00' }));
    await line.run('add', NETWORK, '--for', '1y');
    expect(await grok(login({ at: '12:00' }))).toEqual([]);
    await line.run('expire', NETWORK);
    expect(await grok(login({ at: '12:01' }))).toEqual([]);
    expect(await show()).toMatchObject([{ activations: 1 }]);
  });

  it('stays if somebody blocked it by hand for as long as its penalty', async () => {
    await grok(failures({ count: 3, at: '10:00' }));
    line.now = '2026-03-23T11:00:00Z';
    await line.run('add', NETWORK, '--note', 'mine');
    const before = await show();
    line.now = '2026-03-24T00:00:00Z';
    expect(await grok(login({ at: '12:00' }))).toEqual([]);
    expect(await show()).toEqual(before);
  });

  it('is withdrawn although a rule made it for ever', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[[rule]]\nname = "sshd"\nservices = ["sshd"]\nforever = true\n');
    await grok(failures({ count: 3, at: '10:00' }));
    expect(await show()).toMatchObject([{ expiresAt: null }]);
    expect(await grok(login({ at: '12:00' }))).toEqual([NETWORK]);
    expect(await show()).toEqual([]);
  });

  it('comes back with undo', async () => {
    await grok(failures({ count: 3, at: '10:00' }));
    const before = await show();
    await grok(login({ at: '12:00' }));
    await line.run('undo');
    expect(await show()).toEqual(before);
    expect((await explained())?.withdrawn).toEqual([]);
  });

  it('is withdrawn again where the login is read again after undo', async () => {
    await grok(failures({ count: 3, at: '10:00' }));
    const later = login({ at: '12:00' });
    expect(await grok(later)).toEqual([NETWORK]);
    await line.run('undo');
    expect(await grok(later)).toEqual([NETWORK]);
    expect(await show()).toEqual([]);
  });
});
