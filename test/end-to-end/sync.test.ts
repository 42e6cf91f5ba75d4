import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_REVISION, REVISION_HEADER } from '../../src/fleet/revision.ts';
import { AcaciaApi } from '../fleet/client/acacia-api.ts';
import { configureFleet, fleetMachine } from '../fleet/client/fleet-machine.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { CommandLine, ok } from '../support/command-line.ts';
import { PfTables } from '../support/pf-tables.ts';

interface Shown {
  readonly prefix: string;
  readonly active: boolean;
  readonly activations: number;
  readonly hits: number;
  readonly origin: string;
  readonly expiresAt: string | null;
  readonly note: string;
}

let server: LiveServer;
let folder: CommandLine;
let a: CommandLine;
let b: CommandLine;
beforeEach(async () => {
  folder = new CommandLine();
  server = new LiveServer(folder.path('fleet.db'));
  await server.start();
  await server.addUser('gate1');
  await server.addUser('gate2');
  await server.addUser('anna', { scopes: ['admin'] });
  a = fleetMachine(server.url, 'gate1');
  b = fleetMachine(server.url, 'gate2');
});
afterEach(async () => {
  await server.stop().catch(() => {});
  for (const line of [a, b, folder]) line.remove();
});

function configure(line: CommandLine, user: string, more = '', url = server.url): void {
  configureFleet(line, url, user, more);
}

/** Machine a, before it has a fleet. */
async function alone(...argv: string[]): Promise<string> {
  const { config } = a;
  a.config = undefined;
  try {
    return await ok(a, ...argv);
  } finally {
    a.config = config;
  }
}

/** It is that time for everybody. */
function at(time: string): void {
  server.now = Date.parse(time) / 1000;
  for (const line of [a, b]) line.now = time;
}

async function active(line: CommandLine): Promise<string[]> {
  return (await line.json<Shown[]>('show')).map(({ prefix }) => prefix);
}

function attack(line: CommandLine, address: string, name = 'auth.log'): string {
  const log = line.path(name);
  const lines = Array.from(
    { length: 10 },
    (_, index) =>
      `Dec 31 23:00:0${index} host sshd[7]: Failed password for invalid user x from ${address} port 4711 ssh2`,
  );
  writeFileSync(log, `${lines.join('\n')}\n`);
  return log;
}

/** The server goes on with a store of this name, which is new. */
async function replaceStore(name: string): Promise<void> {
  await server.stop();
  const another = new LiveServer(folder.path(name));
  another.port = server.port;
  server = another;
  await server.start();
  await server.addUser('gate1');
  await server.addUser('gate2');
}

describe('two machines and a server', () => {
  it('share a ban in both directions', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(b, 'grok', '--year', '2025', attack(b, '2001:67c::9'));
    expect(await ok(a, 'sync')).toBe('2 reported, 0 pending; fleet: 0 recorded, 0 expired\n');
    expect(await ok(b, 'sync', '--only-api')).toBe(
      '2 reported, 0 pending; fleet: 1 recorded, 0 expired\n',
    );
    expect(await ok(a, 'sync')).toContain('fleet: 1 recorded');
    const both = ['5.149.104.0/24', '2001:67c::/64'];
    expect(await active(a)).toEqual(both);
    expect(await active(b)).toEqual(both);
    // What the others blocked is not reported again.
    expect(await ok(b, 'sync')).toBe('0 reported, 0 pending; fleet: 0 recorded, 0 expired\n');
    const [seen] = await b.json<Shown[]>('show', '5.149.104.9');
    expect(seen).toMatchObject({ origin: 'fleet', activations: 1, hits: 10 });
    const history = await server.store.changesSince(0, 10);
    expect(history.map(({ value }) => 'entry' in value && value.entry.hits)).toEqual([10, 10]);
  });

  it('leave the firewall alone if none is configured, and say so of what changes', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    const remark = 'recorded; run mcblock apply or mcblock emit to update the firewall\n';
    expect(await a.run('sync')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await b.run('sync')).toMatchObject({ exitCode: 0, stderr: remark });
    expect(await b.run('sync')).toMatchObject({ exitCode: 0, stderr: '' });
    configure(b, 'gate2', `[firewall]\nkind = "file"\nfile = "${b.path('rules')}"\n`);
    await ok(b, 'sync', '--no-apply');
    expect(existsSync(b.path('rules'))).toBe(false);
    await ok(b, 'sync');
    expect(readFileSync(b.path('rules'), 'utf8')).toBe('5.149.104.0/24\n');
  });

  it('end a block by hand on both that was a mistake', async () => {
    await ok(a, 'add', '5.149.104.9', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['5.149.104.9/32']);
    await ok(a, 'expire', '--mistake', '5.149.104.9', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    for (const line of [a, b]) expect(await active(line)).toEqual([]);
  });

  it('share the withdrawal of a ban after a login', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9', 'old.log'));
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['5.149.104.0/24']);

    const failures = Array.from(
      { length: 3 },
      (_, index) =>
        `Dec 31 23:10:0${index} host sshd[9]: Failed password for anna from 5.149.105.9 port 4711 ssh2`,
    );
    writeFileSync(a.path('anna.log'), `${failures.join('\n')}\n`);
    await ok(a, 'grok', '--year', '2025', a.path('anna.log'));
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('fleet: 1 recorded');
    writeFileSync(
      a.path('logins.log'),
      'Dec 31 23:10:01 host sshd[8]: Accepted publickey for anna from 5.149.105.9 port 1 ssh2\n',
    );
    await ok(a, 'grok', '--year', '2025', a.path('logins.log'));
    expect(await active(a)).toEqual(['5.149.104.0/24']);
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('fleet: 0 recorded, 1 expired');
    expect(await active(b)).toEqual(['5.149.104.0/24']);
    const { stdout } = await b.run('explain', '5.149.105.9');
    expect(stdout).toContain('withdrawn');

    // The next time is the first again, on both.
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.105.77'));
    await ok(a, 'sync');
    await ok(b, 'sync');
    for (const line of [a, b]) {
      const [shown] = await line.json<Shown[]>('show', '5.149.105.0/24');
      expect(shown).toMatchObject({ active: true, activations: 1 });
    }
  });

  it('share changes by hand: blocks, expiries, the allow-list', async () => {
    await ok(a, 'add', '9.9.9.0/24', '--for', '90d', '--note', 'form spam', '--share');
    await ok(a, 'add', '8.8.8.8');
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['9.9.9.0/24']);
    expect(await b.json('show', '9.9.9.0/24')).toMatchObject([
      { expiresAt: '2026-04-01T00:00:00Z', note: 'form spam' },
    ]);
    at('2026-01-02T00:00:00Z');
    await ok(a, 'expire', '9.9.9.0/24', '--share');
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('0 recorded, 1 expired');
    expect(await active(b)).toEqual([]);
    // An expiry is no end for ever: both know of the first time.
    at('2026-01-03T00:00:00Z');
    await ok(a, 'add', '9.9.9.0/24', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await b.json('show', '9.9.9.0/24')).toMatchObject([{ active: true, activations: 2 }]);

    configure(a, 'anna');
    await ok(a, 'allow', '7.7.7.0/24', '--note', 'office', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await b.json('allow')).toMatchObject([{ prefix: '7.7.7.0/24', note: 'fleet: office' }]);
    await ok(a, 'allow', '--remove', '7.7.7.0/24', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await b.json('allow')).toEqual([]);
  });

  it('bring back what an administrator made wide, and not what a machine did', async () => {
    await ok(a, 'add', '5.149.104/22', '--for', '30d', '--share');
    await ok(a, 'sync');
    configure(a, 'anna');
    await ok(a, 'add', '6.149.104/22', '--for', '30d', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    at('2026-03-01T00:00:00Z');
    for (const address of ['5.149.105.9', '6.149.105.9']) {
      const log = attack(b, address, `${address}.log`);
      writeFileSync(log, readFileSync(log, 'utf8').replaceAll('Dec 31', 'Feb 27'));
      await ok(b, 'grok', '--year', '2026', log);
    }
    expect(await active(b)).toEqual(['5.149.105.0/24', '6.149.104.0/22']);
    const exported = (await ok(b, 'export')).split('\n');
    expect(exported.find((row) => row.includes('6.149.104.0/22'))).toContain(
      '"by":"anna","byAdmin":true',
    );
  });

  it('double penalties across machines', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(a, 'sync');
    await ok(b, 'sync');
    at('2026-03-01T00:00:00Z');
    expect(await active(b)).toEqual([]);
    const log = attack(b, '5.149.104.9');
    writeFileSync(log, readFileSync(log, 'utf8').replaceAll('Dec 31', 'Feb 27'));
    await ok(b, 'grok', '--year', '2026', log);
    await ok(b, 'sync');
    await ok(a, 'sync');
    for (const line of [a, b]) {
      expect(await line.json('show', '5.149.104.0/24')).toMatchObject([
        { active: true, activations: 2, expiresAt: '2026-04-28T23:00:00Z' },
      ]);
    }
  });

  it('refuse bans of protected addresses and report it', async () => {
    await ok(b, 'allow', '5.149.104.77');
    await ok(a, 'add', '5.149.104.77', '6.6.6.6', '--share');
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('1 recorded, 0 expired, 1 refused');
    expect(await active(b)).toEqual(['6.6.6.6/32']);
  });

  it('leave a hole for what is protected in a wider ban', async () => {
    await ok(b, 'allow', '5.149.104.64/26');
    await ok(a, 'add', '5.149.104.0/24', '--share');
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('1 recorded, 0 expired');
    expect(await active(b)).toEqual(['5.149.104.0/24']);
    expect(await ok(b, 'emit')).toBe('5.149.104.0/26\n5.149.104.128/25\n');
  });

  it('show the entries of the fleet', async () => {
    await ok(a, 'add', '5.149.104.0/24', '6.6.6.6', '--for', '10d', '--share');
    await ok(a, 'add', '4.4.4.4', '--for', '1d', '--share');
    await ok(a, 'sync');
    at('2026-01-05T00:00:00Z');
    expect(await ok(b, 'show', '--fleet', '--count')).toBe('2\n');
    expect((await b.json<Shown[]>('show', '--fleet')).map(({ prefix }) => prefix)).toEqual([
      '5.149.104.0/24',
      '6.6.6.6/32',
    ]);
    expect(await b.json('show', '--fleet', '4.4.4.4')).toMatchObject([
      { prefix: '4.4.4.4/32', active: false },
    ]);
    expect(await active(b)).toEqual([]);
  });

  it('do not count again what one of them blocked itself', async () => {
    await ok(a, 'add', '6.6.6.6', '--share');
    server.now += 5;
    // The fleet's block begins when it hears of it, and so it lasts a little longer.
    expect(await ok(a, 'sync')).toBe('1 reported, 0 pending; fleet: 0 recorded, 0 expired\n');
    const [entry] = await a.json<{ expiresAt: string; activations: number }[]>('show');
    expect(entry).toMatchObject({ expiresAt: '2026-01-31T00:00:05Z', activations: 1 });
  });

  it('change nothing in a dry run', async () => {
    await ok(a, 'add', '6.6.6.6', '--share');
    await ok(a, 'sync');
    await ok(b, 'add', '3.3.3.3', '--share');
    expect(await ok(b, 'sync', '--dry-run')).toBe(
      'dry run: 0 reported, 1 pending; fleet: 1 recorded, 0 expired\n',
    );
    expect(await active(b)).toEqual(['3.3.3.3/32']);
    expect(await ok(b, 'sync')).toBe('1 reported, 0 pending; fleet: 1 recorded, 0 expired\n');
  });

  it('do not report what was undone before it was sent', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(a, 'undo');
    expect(await ok(a, 'sync')).toContain('0 reported, 0 pending');
    expect(await active(a)).toEqual([]);
  });

  it.each([[['expire']], [['expire', '--mistake']]])(
    'do not report an end that was undone before it was sent: %s',
    async (command) => {
      await ok(a, 'add', '6.6.6.6', '--share');
      await ok(a, 'sync');
      await ok(a, ...command, '6.6.6.6', '--share');
      const { stderr } = await a.run('undo');
      expect(stderr).not.toContain('told');
      expect(await ok(a, 'sync')).toContain('0 reported, 0 pending');
      expect(await active(a)).toEqual(['6.6.6.6/32']);
    },
  );

  it('are not told what is undone after it was sent, which undo says', async () => {
    await ok(a, 'add', '6.6.6.6', '--share');
    await ok(a, 'sync');
    await ok(a, 'allow', '5.149.104.9', '--share');
    expect((await a.run('undo')).stderr).not.toContain('told');
    expect((await a.run('undo')).stderr).toContain('the fleet has it already');
  });
});

describe('what another machine blocked', () => {
  it('has its sender, evidence and note', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(a, 'add', '6.6.6.6', '--note', 'form spam', '--share');
    await ok(a, 'sync');
    await ok(b, 'sync');
    const explained = await b.json<{ entries: { hits: number; history: object[] }[] }[]>(
      'explain',
      '5.149.104.9',
      '6.6.6.6',
    );
    expect(explained.map(({ entries }) => entries)).toMatchObject([
      [
        {
          hits: 10,
          history: [
            {
              by: 'gate1',
              evidence: [
                {
                  address: '5.149.104.9',
                  service: 'sshd',
                  message: 'failed-login',
                  host: 'host',
                  log: expect.stringContaining('auth.log'),
                  count: 10,
                },
              ],
            },
          ],
        },
      ],
      [{ history: [{ by: 'gate1', note: 'form spam', evidence: [] }] }],
    ]);
    const before = await b.json('explain', '5.149.104.9');
    await ok(b, 'sync');
    expect(await b.json('explain', '5.149.104.9')).toEqual(before);
  });

  it('is on the page of the administrators, with its version and what it lacks', async () => {
    await ok(a, 'grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(b, 'sync');
    await ok(a, 'sync');
    const { body } = await server.app.inject({
      url: '/admin/overview.json',
      headers: { authorization: `Basic ${btoa(`anna:${PASSWORD}`)}` },
    });
    const agent = expect.stringMatching(/^mcblock\/\d/);
    expect(JSON.parse(body)).toMatchObject({
      users: [
        { name: 'anna' },
        { name: 'gate1', agent, lag: 0, active: 1, why: 'sshd: failed-login 10' },
        { name: 'gate2', agent, lag: 1, active: 0 },
      ],
    });
  });
});

describe('a machine that joins', () => {
  it('is told at its first sync what is not shared, and shares all of it', async () => {
    await alone('grok', '--year', '2025', attack(a, '5.149.104.9'));
    await alone('add', '6.6.6.6', '--note', 'form spam');
    const first = await a.run('sync');
    expect(first.stdout).toContain('0 reported, 0 pending');
    expect(first.stderr).toBe(
      '2 entries made before the fleet was configured are not shared: mcblock share --all\n',
    );
    expect((await a.run('sync')).stderr).toBe('');
    expect(await ok(a, 'share', '--all')).toBe('2 entries shared with the next sync\n');
    expect(await ok(a, 'share', '--all')).toBe('nothing to share\n');
    await ok(a, 'sync');
    await ok(b, 'sync');
    const [here, there] = [await a.json<Shown[]>('show'), await b.json<Shown[]>('show')];
    expect(there.map(({ prefix }) => prefix)).toEqual(['5.149.104.0/24', '6.6.6.6/32']);
    expect(there.map(({ expiresAt }) => expiresAt)).toEqual(here.map((own) => own.expiresAt));
    const { body } = await server.app.inject({
      url: '/v2/entries/5.149.104.0/24',
      headers: { authorization: `Basic ${btoa(`gate1:${PASSWORD}`)}` },
    });
    expect(JSON.parse(body)).toMatchObject({
      activatedBy: 'gate1',
      evidence: expect.arrayContaining([
        expect.objectContaining({ service: 'sshd', address: '5.149.104.9', by: 'gate1' }),
      ]),
    });
  });

  it('shares single entries, none of which the fleet told of, and says what is too wide', async () => {
    await ok(b, 'add', '3.3.3.3', '--share');
    await ok(b, 'sync');
    await alone('add', '7.16.0.0/12', '8.8.8.8');
    await server.addUser('gate1', { widest4: 20 });
    await ok(a, 'sync');
    const { stdout, stderr } = await a.run('share', '7.16.0.0/12', '8.8.8.8', '3.3.3.3');
    expect(stdout).toBe('8.8.8.8 shared with the next sync\n3.3.3.3 came from the fleet\n');
    expect(stderr).toBe('7.16/12 recorded here, not shared: wider than /20\n');
    expect(await ok(a, 'share', '8.8.8.8')).toBe('8.8.8.8 was shared before\n');
    expect(await a.json('share', '--all')).toEqual([
      { prefix: '7.16.0.0/12', outcome: 'too wide' },
    ]);
    expect(await a.run('share', '8.8.8.8', '9.9.9.9')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('9.9.9.9 is not an active entry; nothing shared'),
    });
    expect((await a.run('share')).exitCode).toBe(2);
  });

  it('shares no more than the outbox holds', async () => {
    await alone('add', '6.6.6.1', '6.6.6.2', '6.6.6.3');
    configure(a, 'gate1', 'outbox-limit = 2\n');
    const { stdout, stderr } = await a.run('share', '--all');
    expect(stdout).toBe('2 entries shared with the next sync\n');
    expect(stderr).toContain('1 entry not shared: the outbox is full');
    await ok(a, 'sync');
    expect(await ok(a, 'share', '--all')).toBe('1 entry shared with the next sync\n');
  });

  it('undoes what it shared, until it was sent, and knows whether it was', async () => {
    await alone('grok', '--year', '2025', attack(a, '5.149.104.9'));
    await ok(a, 'share', '--all');
    const undone = await a.run('undo');
    expect(undone.stdout).toMatch(/undone: share --all .*\n {2}\d reports to the fleet taken back/);
    expect(undone.stderr).not.toContain('told');
    expect(await active(a)).toEqual(['5.149.104.0/24']);
    expect(await ok(a, 'sync')).toContain('0 reported, 0 pending');
    expect(await ok(a, 'share', '--all')).toBe('1 entry shared with the next sync\n');
    await ok(a, 'sync');
    expect((await a.run('undo')).stderr).toContain('the fleet has it already');
    // What grok reports is told too, though no option names it.
    await ok(b, 'grok', '--year', '2025', attack(b, '5.149.105.9'));
    await ok(b, 'sync');
    expect((await b.run('undo')).stderr).toContain('the fleet has it already');
  });

  it('shares what it imports', async () => {
    const list = a.path('list.txt');
    writeFileSync(list, '6.6.6.6 # spam\n7.16.0.0/12\n');
    await server.addUser('gate1', { widest4: 20 });
    await ok(a, 'sync');
    const { stdout, stderr } = await a.run('import', '--share', list);
    expect(stdout).toBe('2 prefixes: 2 new, 0 reactivated, 0 already on the blocklist\n');
    expect(stderr).toContain(
      '1 entry shared with the next sync\n1 recorded here, not shared: wider than the fleet takes\n',
    );
    await ok(a, 'sync');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['6.6.6.6/32']);
    writeFileSync(list, await ok(a, 'export'));
    expect((await a.run('import', '--share', list)).stderr).toContain('--share is for lists');
  });
});

describe('while the server is away', () => {
  it('keeps reports and sends them later at once', async () => {
    await ok(a, 'add', '6.6.6.1', '--share');
    await server.stop();
    for (const [index, address] of ['6.6.6.2', '6.6.6.3'].entries()) {
      await ok(a, 'add', address, '--share');
      if (index > 0) continue;
      const { exitCode, stdout, stderr } = await a.run('sync');
      expect([exitCode, stdout]).toEqual([1, '0 reported, 2 pending; nothing fetched\n']);
      expect(stderr).toContain('no answer from');
      expect(stderr).not.toContain(PASSWORD);
    }
    await server.start();
    expect(await ok(a, 'sync')).toContain('3 reported, 0 pending');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['6.6.6.1/32', '6.6.6.2/32', '6.6.6.3/32']);
  });

  it('drops the oldest reports of a full outbox and says how many', async () => {
    configure(a, 'gate1', 'outbox-limit = 2\n');
    await ok(a, 'add', '6.6.6.1', '6.6.6.2', '6.6.6.3', '--share');
    const { stdout, stderr } = await a.run('sync');
    expect(stderr).toContain('1 reports dropped');
    expect(stdout).toContain('2 reported');
    expect((await a.run('sync')).stderr).toBe('');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['6.6.6.2/32', '6.6.6.3/32']);
  });
});

describe('a broken or replaced server', () => {
  it('changes nothing while its answers are invalid', async () => {
    await ok(b, 'add', '6.6.6.6', '--share');
    await ok(b, 'sync');
    await ok(a, 'add', '5.5.5.5', '--share');
    await server.stop();
    let nonsense = true;
    await server.start((app) => {
      app.addHook('onSend', async (request, _reply, payload) => {
        if (!nonsense) return payload;
        // It takes the reports, and says so in a way that nobody understands.
        if (request.method === 'POST') return Buffer.from('{"results":"all"}');
        return Buffer.from('{"next":99,"more":false,"changes":[{"prefix":"0.0.0.0/0"}]}');
      });
    });
    const { exitCode, stderr } = await a.run('sync');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('invalid answer');
    expect(await active(a)).toEqual(['5.5.5.5/32']);
    nonsense = false;
    expect(await ok(a, 'sync')).toContain('1 reported, 0 pending; fleet: 1 recorded');
    expect(await active(a)).toEqual(['5.5.5.5/32', '6.6.6.6/32']);
    expect(await server.store.sequence()).toBe(2);
  });

  it('sets aside a report that is refused for its form until the API changes', async () => {
    let refusals = 0;
    let revision = API_REVISION;
    await server.stop();
    await server.start((app) => {
      app.addHook('preParsing', async (_request, reply, payload) => {
        reply.header(REVISION_HEADER, String(revision));
        return payload;
      });
      app.addHook('preValidation', async (request, reply) => {
        const isRefused = revision === API_REVISION;
        if (!isRefused || !JSON.stringify(request.body ?? '').includes('6.6.6.13')) return;
        refusals++;
        return reply.code(400).send({ error: 'not this one' });
      });
    });
    const hosts = Array.from({ length: 20 }, (_, host) => `6.6.6.${host}`);
    await ok(a, 'add', ...hosts, '--share');
    const { exitCode, stdout, stderr } = await a.run('sync');
    expect([exitCode, stdout]).toEqual([
      0,
      '19 reported, 0 pending, 1 set aside (not this one); fleet: 0 recorded, 0 expired\n',
    ]);
    expect(stderr).toBe('mcblock: API refused block 6.6.6.13/32, now set aside: not this one\n');
    expect(refusals).toBeLessThan(10);
    refusals = 0;
    const again = JSON.parse(await ok(a, 'sync', '--json'));
    expect(again).toMatchObject({
      waiting: 0,
      setAside: { count: 1, reasons: [{ reason: 'not this one', count: 1 }] },
    });
    expect(refusals).toBe(0);
    revision++;
    expect(await ok(a, 'sync')).toBe('1 reported, 0 pending; fleet: 0 recorded, 0 expired\n');
    expect(await server.store.sequence()).toBe(20);
  });

  it('leaves out what is wider than this machine may have blocked, and says so', async () => {
    await server.addUser('gate1', { widest4: 20, widest6: 48 });
    await ok(a, 'sync');
    const { exitCode, stderr } = await a.run('add', '5.149.0.0/19', '6.6.6.6', '--share');
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('5.149.0/19 recorded here, not shared: wider than /20\n'),
    ]);
    expect(await ok(a, 'sync')).toContain('1 reported, 0 pending');
    configure(a, 'anna');
    await ok(a, 'sync');
    const shared = await a.run('add', '5.150.0.0/19', '--share');
    expect(shared.stderr).not.toContain('not shared');
    expect(await ok(a, 'sync')).toContain('1 reported, 0 pending');
  });

  it('takes what is above the limit of a machine when there is room again', async () => {
    await server.addUser('gate1', { widest4: 9, longest: 86_400 });
    configure(b, 'gate2', '[limits]\nuser-widest4 = 9\n');
    at('2026-01-01T00:00:00Z');
    // Together they are 1/512 of all addresses.
    await ok(a, 'add', '20.0.0.0/10', '20.128.0.0/10', '--for', '90d', '--share');
    const { exitCode, stdout, stderr } = await a.run('sync');
    const reason = 'above what one user may block (limits.user-share)';
    expect([exitCode, stdout]).toEqual([
      0,
      `1 reported, 0 pending, 1 deferred (${reason}); fleet: 0 recorded, 0 expired\n`,
    ]);
    expect(stderr).toBe(`mcblock: API deferred 1 report until tomorrow: ${reason}\n`);
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['20.0.0.0/10']);
    at('2026-01-02T00:00:00Z');
    expect(await ok(a, 'sync')).toContain('1 reported, 0 pending; fleet');
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['20.128.0.0/10']);
  });

  it('has changes that exceed the limit for their maker here asked for again another day', async () => {
    configure(b, 'gate2', '[limits]\nuser-share = "1/16777216"\n');
    at('2026-01-01T00:00:00Z');
    await ok(a, 'add', '5.6.7.0/24', '--for', '12h', '--share');
    await ok(a, 'add', '5.6.9.0/24', '--share');
    await ok(a, 'sync');
    expect(await ok(b, 'sync')).toContain('fleet: 1 recorded, 0 expired, 1 refused');
    at('2026-01-01T13:00:00Z');
    expect(await ok(b, 'sync')).toContain('fleet: 0 recorded');
    expect(await active(b)).toEqual([]);
    at('2026-01-02T00:00:01Z');
    expect(await ok(b, 'sync')).toContain('fleet: 1 recorded');
    expect(await active(b)).toEqual(['5.6.9.0/24']);
    at('2026-01-03T00:00:02Z');
    expect(await ok(b, 'sync')).toContain('fleet: 0 recorded');
  });

  it('takes the reports above the rate of a machine later, and sends it changes meanwhile', async () => {
    let isBusy = true;
    await server.stop();
    await server.start((app) => {
      app.addHook('preValidation', async (request, reply) => {
        if (!isBusy || request.method !== 'POST') return;
        return reply.code(429).header('retry-after', '50').send({ error: 'too many requests' });
      });
    });
    await ok(a, 'add', '6.6.6.6', '--share');
    expect(await ok(a, 'sync')).toBe('0 reported, 1 pending; fleet: 0 recorded, 0 expired\n');
    isBusy = false;
    expect(await ok(a, 'sync')).toBe('1 reported, 0 pending; fleet: 0 recorded, 0 expired\n');
  });

  it('is asked for everything if it has a new store', async () => {
    await ok(b, 'add', '6.6.6.6', '6.6.6.7', '--share');
    await ok(b, 'sync');
    await ok(a, 'sync');
    await replaceStore('other.db');
    await ok(b, 'add', '7.7.7.7', '--share');
    await ok(b, 'sync');
    expect(await ok(a, 'sync')).toContain('1 recorded');
    expect(await active(a)).toEqual(['6.6.6.6/32', '6.6.6.7/32', '7.7.7.7/32']);
  });

  it('is asked for everything if its store was replaced by a more recent one', async () => {
    await ok(b, 'add', '6.6.6.6', '--share');
    await ok(b, 'sync');
    await ok(a, 'sync');
    await replaceStore('further.db');
    await ok(b, 'add', '7.7.7.7', '7.7.7.8', '7.7.7.9', '--share');
    await ok(b, 'sync');
    expect(await ok(a, 'sync')).toContain('3 recorded');
    // The next time it is asked for what is new alone.
    expect(await ok(a, 'sync')).toContain('0 recorded');
    await server.stop();
    // An older copy that was put back has numbers that it will give out a second time.
    await server.start();
    await server.store.renewIdentity();
    await server.stop();
    await server.start();
    expect(await ok(a, 'sync', '--dry-run')).toContain('0 recorded');
    await ok(b, 'add', '8.8.8.8', '--share');
    await ok(b, 'sync');
    expect(await ok(a, 'sync')).toContain('1 recorded');
  });

  it('is asked for a limited number of changes at a time', async () => {
    configure(a, 'gate1', 'change-limit = 2\n');
    await ok(b, 'add', '6.6.6.1', '6.6.6.2', '6.6.6.3', '--share');
    await ok(b, 'sync');
    const { fetched } = await a.json<{ fetched: object }>('sync');
    expect(fetched).toMatchObject({ blocked: 2, lastNumber: 2, behind: 1 });
    expect(await ok(a, 'sync')).toContain('1 recorded, 0 expired\n');
  });
});

describe("pf's tables", () => {
  let pf: PfTables;
  beforeEach(() => {
    pf = new PfTables(a.folder);
    configure(
      a,
      'gate1',
      `pf-tables = ["brute*"]\n[firewall]\nkind = "file"\nfile = "${a.path('rules')}"\npfctl = "${pf.pfctl}"\n`,
    );
  });

  it('are read by pattern, reported once, applied and expired', async () => {
    pf.hold({
      bruteforce: ['9.1.2.3', '2001:67c::7'],
      mcblock: ['1.2.3.4'],
      brute: ['192.168.1.7'],
      'brute;reboot': ['5.5.5.5'],
    });
    expect(await ok(a, 'sync')).toBe(
      'pf: 3 new (1 protected); 2 reported, 0 pending; fleet: 0 recorded, 0 expired\n',
    );
    expect(readFileSync(a.path('rules'), 'utf8')).toBe('9.1.2.0/24\n2001:67c::/64\n');
    expect(pf.calls()).toEqual([
      '-s Tables',
      '-t bruteforce -T show',
      '-t brute -T show',
      '-t bruteforce -T expire 1215',
      '-t brute -T expire 1215',
    ]);
    const explained = await a.run('explain', '9.1.2.3');
    expect(explained.stdout).toContain('bruteforce');
    // It is still there: that is no second offence. When it was gone and came again, it is.
    expect(await ok(a, 'sync')).toMatch(/^0 reported/);
    pf.hold({ bruteforce: ['2001:67c::7'] });
    await ok(a, 'sync');
    pf.hold({ bruteforce: ['9.1.2.3', '2001:67c::7'] });
    expect(await ok(a, 'sync')).toMatch(/^pf: 1 new; 1 reported/);
    await ok(b, 'sync');
    expect(await active(b)).toEqual(['9.1.2.0/24', '2001:67c::/64']);
  });

  it('are blocked here while the server is away', async () => {
    pf.hold({ brutes: ['9.1.2.3'] });
    await server.stop();
    const { exitCode, stdout } = await a.run('sync');
    expect([exitCode, stdout]).toEqual([1, 'pf: 1 new; 0 reported, 1 pending; nothing fetched\n']);
    expect(readFileSync(a.path('rules'), 'utf8')).toBe('9.1.2.0/24\n');
    expect(pf.calls().at(-1)).toBe('-t brutes -T expire 1215');
    await server.start();
    expect(await ok(a, 'sync')).toMatch(/^1 reported/);
  });

  it('do not change in a dry run', async () => {
    pf.hold({ brutes: ['9.1.2.3'] });
    expect(await ok(a, 'sync', '--dry-run')).toMatch(/^dry run: pf: 1 new; 0 reported/);
    expect(pf.calls()).toEqual(['-s Tables', '-t brutes -T show']);
    expect(await active(a)).toEqual([]);
  });

  it('may be unreadable without stopping the rest', async () => {
    writeFileSync(pf.pfctl, '#!/bin/sh\necho "pfctl: /dev/pf: Permission denied" >&2\nexit 1\n');
    await ok(b, 'add', '6.6.6.6', '--share');
    await ok(b, 'sync');
    const { exitCode, stderr } = await a.run('sync');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Permission denied');
    expect(readFileSync(a.path('rules'), 'utf8')).toBe('6.6.6.6/32\n');
  });
});

describe('the configuration', () => {
  it('must keep the password private', async () => {
    chmodSync(a.path('password'), 0o640);
    expect(await a.run('sync')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('chmod 600'),
    });
  });

  it('must not send passwords without TLS', async () => {
    configure(a, 'gate1', '', 'http://fleet.example.net');
    expect(await a.run('sync')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('use https://'),
    });
  });

  it('is required to share', async () => {
    a.config = undefined;
    for (const argv of [['sync'], ['add', '6.6.6.6', '--share'], ['show', '--fleet']]) {
      expect(await a.run(...argv)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('no fleet configured'),
      });
    }
  });

  it.each([
    ['pf-tables = ["brute;reboot"]', 'the name of a pf table'],
    ['url = "https://gate1:secret@fleet.example.net"', 'without a name or password'],
    ['cert = "gate1.pem"', 'the absolute path of the certificate of this machine'],
  ])('refuses %s', async (line, what) => {
    writeFileSync(a.path('mcblock.toml'), `[fleet]\n${line}\n`);
    expect(await a.run('show')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(what),
    });
  });

  it('must name a user of the API', async () => {
    configure(a, 'nobody');
    expect(await a.run('sync')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('login refused'),
    });
  });
});

describe('feeds of the fleet', () => {
  let list: string;
  beforeEach(() => {
    configure(a, 'anna');
    list = a.path('drop.txt');
  });

  async function share(content: string): Promise<void> {
    writeFileSync(list, content);
    await ok(a, 'feed', 'drop', list, '--share');
  }

  it('are read once and blocked on all machines, as long as a prefix is on them', async () => {
    await ok(b, 'allow', '5.149.104.7');
    await share('5.149.104.0/24\n2a0e:c41::/32\n');
    expect(await ok(b, 'sync')).toContain('fleet: 2 recorded');
    expect(await ok(b, 'feed')).toMatch(/fleet:drop +2 .*API http:/);
    expect((await b.run('check', '5.149.104.8')).stdout).toContain('(feed fleet:drop)');
    expect((await b.run('check', '5.149.104.7')).exitCode).toBe(1);
    expect(await ok(b, 'show')).not.toContain('5.149.104');
    await share('5.149.104.0/24\n');
    await ok(b, 'sync');
    expect(await ok(b, 'feed', 'fleet:drop', '--list')).toBe('5.149.104.0/24\n');
    await ok(a, 'feed', 'drop', '--remove', '--share');
    await ok(b, 'sync');
    expect((await b.run('feed')).stderr).toBe('no feeds\n');
  });

  it('are as fresh as the last sync, though they have not changed', async () => {
    await share('5.149.104.0/24\n');
    await ok(b, 'sync');
    at('2026-02-01T00:00:00Z');
    await ok(b, 'sync', '--dry-run');
    const [stale] = await b.json<{ fetchedAt: string }[]>('feed');
    await ok(b, 'sync');
    const [fresh] = await b.json<{ fetchedAt: string }[]>('feed');
    expect([stale?.fetchedAt.slice(0, 7), fresh?.fetchedAt]).toEqual([
      '2026-01',
      '2026-02-01T00:00:00Z',
    ]);
  });

  it('can be taken from the fleet by an administrator who has them no more', async () => {
    await share('5.149.104.0/24\n');
    await ok(a, 'feed', 'drop', '--remove');
    expect(await ok(a, 'feed', 'drop', '--remove', '--share')).toBe('feed drop removed\n');
    expect(await server.store.feeds.all()).toEqual([]);
    expect((await a.run('feed', 'drop', '--remove', '--share')).exitCode).toBe(1);
  });

  it('stay as they were on a machine where they would block too much', async () => {
    await share('5.149.104.0/24\n');
    configure(b, 'gate2', '[limits]\nshare = 1\n');
    await ok(b, 'sync');
    await share('5.149.104.0/24\n45.0.0.0/8\n46.0.0.0/8\n47.0.0.0/8\n');
    expect(await ok(b, 'sync')).toContain('1 refused');
    expect(await ok(b, 'feed', 'fleet:drop', '--list')).toBe('5.149.104.0/24\n');
  });

  it('come from administrators only', async () => {
    writeFileSync(list, '5.149.104.0/24\n');
    const { exitCode, stderr } = await b.run('feed', 'drop', list, '--share');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('this needs the scope admin')]);
    expect(await server.store.feeds.all()).toEqual([]);
    for (const argv of [
      ['--share'],
      ['drop', '--list', '--share'],
      ['drop', '--dry-run', '--share'],
    ]) {
      expect((await a.run('feed', ...argv)).exitCode).toBe(2);
    }
  });

  it('are given to the fleet again by --all only if it has them', async () => {
    await share('5.149.104.0/24\n');
    await ok(a, 'feed', 'own', list);
    await ok(a, 'feed', '--all', '--share');
    expect(await server.store.feeds.all()).toMatchObject([{ name: 'drop', count: 1 }]);
  });
});

describe("acacia's own API", () => {
  let acacia: AcaciaApi;
  beforeEach(async () => {
    acacia = new AcaciaApi('gate1', PASSWORD);
    await acacia.start();
    at('2026-01-01T00:00:00Z');
    configure(a, 'gate1', '', acacia.url);
  });
  afterEach(() => acacia.stop());

  it('gets what is blocked and ended here, and its list is blocked here', async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    await ok(a, 'grok', attack(a, '9.9.9.9'));
    await ok(a, 'add', '8.8.8.8', '--share', '--note', 'spam');
    expect(await ok(a, 'sync')).toBe('3 reported, 0 pending; fleet: 3 recorded, 0 expired\n');
    expect([...acacia.rows]).toEqual([
      ['203.0.113.0/24', 'web1/bruteweb'],
      ['9.9.9.0/24', expect.stringMatching(/.\/sshd:/)],
      ['8.8.8.8/32', expect.stringMatching(/.\/spam/)],
    ]);
    expect(await ok(a, 'emit')).toBe('8.8.8.8/32\n9.9.9.0/24\n203.0.113.0/24\n');
    await ok(a, 'add', '8.8.4.4', '--share');
    await ok(a, 'sync');
    expect(acacia.rows.get('8.8.4.4/32')).toMatch(/.\/manual$/);
    await ok(a, 'expire', '8.8.4.4', '8.8.8.8', '--share');
    expect(await ok(a, 'sync')).toBe('2 reported, 0 pending; fleet: 0 recorded, 2 expired\n');
    expect(acacia.rows.has('8.8.8.8/32')).toBe(false);
    expect(await ok(a, 'emit')).toBe('9.9.9.0/24\n203.0.113.0/24\n');
  });

  it('is asked without a record of it where nothing changed', async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    await ok(a, 'sync');
    const commands = await ok(a, 'history', '--commands');
    await ok(a, 'sync');
    expect(await ok(a, 'history', '--commands')).toBe(commands);
    acacia.rows.clear();
    await ok(a, 'sync');
    expect(await ok(a, 'history', '--commands')).not.toBe(commands);
  });

  it('is what doctor and status find there', async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    await ok(a, 'add', '8.8.8.8', '--share');
    const text = `${acacia.url}: acacia's API: 1 prefix listed, 1 report to send`;
    expect((await a.run('doctor')).stdout).toContain(`ok       fleet: ${text}\n`);
    expect((await a.run('status')).stdout).toContain(`fleet     ${text}\n`);
  });

  it('is followed by a server of version 2, whose entries replace the list', async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    await ok(a, 'sync');
    configure(a, 'gate1');
    await ok(b, 'add', '8.8.4.4', '--share');
    await ok(b, 'sync');
    await ok(a, 'sync');
    expect(await ok(a, 'emit')).toBe('8.8.4.4/32\n');
    expect(await ok(a, 'feed')).toBe('');
  });

  it("leaves the owner's own feed of that name alone", async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    const list = a.path('list.txt');
    writeFileSync(list, '8.8.8.0/24\n');
    await ok(a, 'feed', 'acacia', list);
    expect(await a.run('sync')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('mcblock feed acacia --remove'),
    });
    expect(await ok(a, 'emit')).toBe('8.8.8.0/24\n');
    configure(a, 'gate1');
    await ok(a, 'sync');
    expect(await ok(a, 'emit')).toBe('8.8.8.0/24\n');
  });

  it('is not changed by a dry run', async () => {
    acacia.rows.set('203.0.113.0/24', 'web1/bruteweb');
    await ok(a, 'add', '8.8.8.8', '--share');
    expect(await ok(a, 'sync', '--dry-run')).toContain('fleet: 1 recorded');
    expect(acacia.rows.size).toBe(1);
    expect(await ok(a, 'emit')).toBe('8.8.8.8/32\n');
  });

  it('hides that a password is wrong; the error says so', async () => {
    configure(a, 'gate2', '', acacia.url);
    expect(await a.run('sync')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('check fleet.user and fleet.password-file'),
    });
  });
});
