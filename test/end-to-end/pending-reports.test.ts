import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { fleetMachine } from '../fleet/client/fleet-machine.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { CommandLine, ok } from '../support/command-line.ts';

const { limits } = DEFAULT_POLICY;
const NAMES = Array.from({ length: 10 }, (_, n) => `gate${n}`);

let server: LiveServer;
let folder: CommandLine;
let machines: CommandLine[];
/** Of the requests. */
let bodies: unknown[];
beforeEach(async () => {
  folder = new CommandLine();
  server = new LiveServer(folder.path('fleet.db'), {
    limits: {
      bodyBytes: 1024 ** 2,
      listItems: 10_000,
      perSecond: 1e6,
      reportsPerMinute: 600,
      connections: 900,
    },
  });
  server.now = Date.parse('2026-01-01T12:00:00Z') / 1000;
  bodies = [];
  await server.start((app) => {
    app.addHook('preValidation', async ({ body }) => {
      if (body !== undefined && body !== null) bodies.push(body);
    });
  });
  const { widest4, widest6, longestSeconds: longest } = limits.user;
  for (const name of NAMES) await server.addUser(name, { widest4, widest6, longest });
  machines = NAMES.map((name) => fleetMachine(server.url, name));
  for (const line of machines) line.now = '2026-01-01T12:00:00Z';
});
afterEach(async () => {
  await server.stop();
  for (const line of [...machines, folder]) line.remove();
});

const guess = (address: string, second: number, user = 'root', pid = second + 7) =>
  `Jan  1 11:00:${String(second).padStart(2, '0')} host sshd[${pid}]: Failed password for ${user} from ${address} port 4711 ssh2`;

let logs = 0;
async function grok(line: CommandLine, ...lines: string[]): Promise<string> {
  const file = line.path(`auth${++logs}.log`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return ok(line, 'grok', file, '--year', '2026');
}

async function syncAll(): Promise<void> {
  for (const line of machines) await ok(line, 'sync');
}

const isBlocked = async (line: CommandLine, address: string) =>
  (await line.run('check', address)).exitCode === 0;

async function blockedAt(address: string): Promise<boolean[]> {
  return Promise.all(machines.map((line) => isBlocked(line, address)));
}

const ALL = NAMES.map(() => true);
const NONE = NAMES.map(() => false);

describe('offences that block nobody at one machine', () => {
  it('block on all machines once one guess was made at each of several', async () => {
    for (const [n, line] of machines.entries()) {
      await grok(line, guess('45.9.9.9', n));
      expect(await isBlocked(line, '45.9.9.9')).toBe(false);
    }
    const [first, second, third] = machines;
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    expect(await ok(first, 'sync')).toContain('1 offences without a block');
    await ok(second, 'sync');
    expect(await isBlocked(second, '45.9.9.9')).toBe(false);
    await ok(third, 'sync');
    expect(await isBlocked(third, '45.9.9.9')).toBe(true);
    await syncAll();
    expect(await blockedAt('45.9.9.9')).toEqual(ALL);
    // explain says which machines it was, and the API has the evidence of all.
    const told = await ok(first, 'explain', '45.9.9.9');
    expect(told).toContain('the fleet');
    expect(told).toContain('sshd.failed-login at gate0, gate1, gate2');
    const authorization = `Basic ${Buffer.from(`gate0:${PASSWORD}`).toString('base64')}`;
    const answer = await fetch(`${server.url}/v2/entries/45.9.9.0/24`, {
      headers: { authorization },
    });
    const { activatedBy, shared, evidence } = (await answer.json()) as {
      activatedBy: string;
      shared: boolean;
      evidence: { by: string; address: string; log: string; host: string }[];
    };
    expect([activatedBy, shared]).toEqual(['the fleet', true]);
    expect(evidence.map(({ by }) => by)).toEqual(NAMES);
    expect(new Set(evidence.map(({ address, log, host }) => `${address}${log}${host}`))).toEqual(
      new Set(['45.9.9.9']),
    );
  });

  it('count once if several machines log the same event', async () => {
    for (const line of machines) await grok(line, guess('45.9.9.9', 5));
    await syncAll();
    await syncAll();
    expect(await blockedAt('45.9.9.9')).toEqual(NONE);
  });

  it('count no more than a third of the points for each machine', async () => {
    const [first, second] = machines;
    if (first === undefined || second === undefined) throw new Error();
    await grok(first, guess('45.9.9.9', 1), guess('45.9.9.9', 2));
    await grok(second, guess('45.9.9.9', 3), guess('45.9.9.9', 4));
    await syncAll();
    expect(await blockedAt('45.9.9.9')).toEqual(NONE);
  });

  it('are not told of an address that is trusted there, nor with fleet.share-pending off', async () => {
    const [first, second, third, ...others] = machines;
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    const login =
      'Jan  1 10:00:00 host sshd[7]: Accepted publickey for anna from 45.9.9.9 port 4711 ssh2';
    await grok(first, login, guess('45.9.9.9', 1));
    appendFileSync(second.config ?? '', 'share-pending = false\n');
    await grok(second, guess('45.9.9.9', 2));
    await grok(third, guess('45.9.9.9', 3));
    await grok(others[0] ?? third, guess('45.9.9.9', 4));
    await syncAll();
    expect(await blockedAt('45.9.9.9')).toEqual(NONE);
    // The fourth machine makes it three.
    await grok(others[1] ?? third, guess('45.9.9.9', 6));
    await syncAll();
    await syncAll();
    expect((await blockedAt('45.9.9.9')).slice(1)).toEqual(ALL.slice(1));
    expect(await isBlocked(first, '45.9.9.9')).toBe(false);
  });

  it.each(['a login that comes later', 'undo'])('are taken back by %s', async (what) => {
    const [first, second, third] = machines;
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    // Only what changed an entry can be undone.
    const blocked = [1, 2, 3].map((at) => guess('46.9.9.9', at));
    await grok(first, guess('45.9.9.9', 1), ...blocked);
    await ok(first, 'sync');
    const login =
      'Jan  1 11:10:00 host sshd[7]: Accepted publickey for anna from 45.9.9.9 port 4711 ssh2';
    if (what === 'undo') await ok(first, 'undo');
    else await grok(first, login);
    await ok(first, 'sync');
    await grok(second, guess('45.9.9.9', 2));
    await grok(third, guess('45.9.9.9', 3));
    await syncAll();
    await syncAll();
    expect(await blockedAt('45.9.9.9')).toEqual(NONE);
    await grok(machines[3] ?? third, guess('45.9.9.9', 4));
    await syncAll();
    expect((await blockedAt('45.9.9.9')).slice(3)).toEqual(ALL.slice(3));
  });

  it('are told of without user, log and host, nor a key that says which line it was', async () => {
    const [first] = machines;
    if (first === undefined) throw new Error();
    await grok(first, guess('45.9.9.9', 1, 'secret-name'));
    await ok(first, 'sync');
    expect(bodies).toEqual([
      {
        reports: [
          {
            type: 'pending',
            key: expect.stringMatching(/^1767265201-[0-9a-z]{1,3}$/),
            address: '45.9.9.9',
            at: '2026-01-01T11:00:01Z',
            service: 'sshd',
            message: 'failed-login',
            points: 10,
            count: 1,
          },
        ],
      },
    ]);
  });
});
