import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import { loadConfig } from '../../src/cli/config/config.ts';
import { policiesOf } from '../../src/cli/policy/policy-rules.ts';
import { decideHost } from '../../src/engine/sync/pf-tables.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { CommandLine } from '../support/command-line.ts';
import { offenceOf } from '../support/offence.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

async function grok(
  attempts: Readonly<Record<string, number>>,
  time = '2026-03-23T12',
): Promise<void> {
  const lines = Object.entries(attempts).flatMap(([address, count]) =>
    Array.from(
      { length: count },
      (_, i) =>
        `${time}:0${i}:00Z gw sshd[${i}]: Failed password for root from ${address} port 47 ssh2\n`,
    ),
  );
  writeFileSync(line.path('log'), lines.join(''));
  await line.run('grok', line.path('log'));
}

const seen = (address: string, host: number) =>
  `2026-03-23T12:0${host}:00Z gw${host} sshd[7]: Failed password for root from ${address} port 4 ssh2\n`;

async function explained(...argv: string[]): Promise<string[]> {
  return (await line.run('explain', ...argv)).stdout.split('\n').slice(0, -1);
}

describe('explain', () => {
  it('puts the evidence of the address first, and sums up the rest', async () => {
    const others = Array.from({ length: 20 }, (_, i) => [`5.149.104.${i + 100}`, 5] as const);
    await grok({ ...Object.fromEntries(others), '5.149.104.9': 2 });
    const lines = await explained('5.149.104.9');
    expect(lines.slice(3, 5)).toEqual([
      expect.stringMatching(/^ {7}5\.149\.104\.9: sshd failed-login 2, /),
      '       20 more addresses: sshd 100, 2026-03-23 12:00 to 2026-03-23 12:04, in 1 log',
    ]);
    expect(lines.length).toBe(6);
    expect(await explained('--verbose', '5.149.104.9')).toHaveLength(25);
  });

  it('says whose the rest is, where it is of addresses that are shown', async () => {
    const attempts = Array.from({ length: 8 }, (_, host) => seen('5.149.104.9', host));
    writeFileSync(line.path('log'), attempts.join(''));
    await line.run('grok', line.path('log'));
    expect((await explained('5.149.104.9')).at(-2)).toBe(
      '       more of 5.149.104.9: sshd 3, 2026-03-23 12:05 to 2026-03-23 12:07, in 1 log',
    );
    writeFileSync(line.path('log2'), `${seen('5.149.104.9', 8)}${seen('5.149.104.99', 9)}`);
    await line.run('grok', line.path('log2'));
    expect((await explained('5.149.104/24')).at(-2)).toMatch(/^ {7}more of 2 addresses: sshd 5, /);
  });

  it('says which offences each rule weighed, in one log that grows', async () => {
    line.config = line.path('mcblock.toml');
    const rules = ['users = ["root"]\npoints = 15', 'users = ["admin"]\npoints = 20'];
    writeFileSync(
      line.config,
      rules.map((rule, index) => `[[rule]]\nname = "r${index}"\n${rule}\n`).join(''),
    );
    const users = ['root', 'root', 'bob', 'admin', 'root'];
    const lines = users.map((user, n) =>
      seen('5.149.104.9', n).replace(`gw${n}`, 'gw').replace('root', user),
    );
    for (const count of [3, 5]) {
      writeFileSync(line.path('log'), lines.slice(0, count).join(''));
      await line.run('grok', line.path('log'));
    }
    const shown = (await explained('5.149.104.9')).filter((one) => one.includes(': sshd '));
    expect(shown.map((one) => one.trim().replace(/, 2026.*log/, ''))).toEqual([
      '5.149.104.9: sshd failed-login 3, on gw, by rule r0',
      '5.149.104.9: sshd failed-login 1, on gw',
      '5.149.104.9: sshd failed-login 1, on gw, by rule r1',
    ]);
  });

  it('takes a prefix in the form that show prints', async () => {
    await grok({ '5.149.104.9': 4 });
    await line.run('add', '5.149.105.7', '--exact');
    expect((await explained('5.149.104/24')).slice(0, 2)).toEqual([
      expect.stringContaining('5.149.104/24 is on the blocklist: 5.149.104/24 since '),
      '  5.149.104/24: active, activated once, 4 hits, origin grok',
    ]);
    expect((await explained('5.149.104/22')).slice(0, 2)).toEqual([
      '5.149.104/22 is on the blocklist in part',
      '  contains 2 entries, 2 of them active',
    ]);
    expect(await line.json('explain', '5.149.104/22')).toMatchObject([
      { address: null, prefix: '5.149.104.0/22', blocked: false, within: { all: 2, active: 2 } },
    ]);
  });

  it('says how many points are pending', async () => {
    await grok({ '5.149.104.9': 1, '5.149.104.10': 1 });
    expect(await explained('5.149.104.77')).toEqual([
      '5.149.104.77 is not on the blocklist',
      '  pending: 20 of 30 points of 5.149.104/24',
      '  next offence: 10 more points within 1 day block 5.149.104/24 for 30 days',
    ]);
    expect(await line.json('explain', '5.149.104.77')).toMatchObject([{ pendingPoints: 20 }]);
  });

  it('says that probes block the address alone', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const kind = { service: 'probe', log: '', host: '', proxy: '' };
    const probes = Array.from({ length: 9 }, (_, port) =>
      offenceOf({
        at: Date.parse(line.now) / 1000 - 60,
        address: parsePrefix('5.149.104.9'),
        points: 3,
        kind: { ...kind, message: `tcp/${port + 9000}` },
      }),
    );
    store.addPending(probes);
    store.close();
    await line.run('add', '5.149.104.77', '--exact', '--for', '1d');
    expect((await explained('5.149.104.9')).slice(-2)).toEqual([
      '  pending: 27 of 30 points of 5.149.104.9',
      '  next offence: 3 more points within 1 day block 5.149.104.9 for 30 days',
    ]);
    await line.run('add', '5.149.104.9', '--exact');
    expect((await explained('5.149.104.9')).join('\n')).not.toContain('pending');
  });

  it('says how many points are pending in the window of a rule', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[[rule]]\nname = "root"\nusers = ["root"]\nwindow = "7d"\n');
    await grok({ '5.149.104.9': 2 }, '2026-03-20T12');
    const pending = async () =>
      (await line.json<[{ pendingPoints: number }]>('explain', '5.149.104.77'))[0].pendingPoints;
    expect(await pending()).toBe(20);
    line.now = '2026-03-27T12:01:00Z';
    expect(await pending()).toBe(0);
  });

  it('predicts the penalty by the rules that will decide it, and by those that decided it', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(
      line.config,
      '[[rule]]\nname = "week"\norigins = ["manual"]\npenalty = "7d"\n' +
        '[[rule]]\nname = "again"\nactivations = 2\nforever = true\n' +
        '[[rule]]\nname = "log"\norigins = ["grok"]\npenalty = "5d"\n',
    );
    await line.run('add', '5.149.104.0/24');
    expect((await explained('5.149.104.9')).at(-1)).toContain('extend it to 7 days from then');
    expect((await explained('5.149.109.9')).at(-1)).toContain('block 5.149.109/24 for 5 days');
    line.now = '2026-04-20T12:00:00Z';
    expect((await explained('5.149.104.9')).at(-1)).toContain('5.149.104/24 again for 10 days');
    await line.run('add', '5.149.104.0/24', '--for', '1h');
    line.now = '2026-04-21T12:00:00Z';
    expect((await explained('5.149.104.9')).at(-1)).toContain('5.149.104/24 again forever');
  });

  it('names the rules that may change the prediction, depending on the event', async () => {
    line.config = line.path('mcblock.toml');
    const rules = [
      'name = "mine"\nprefixes = ["192.0.2.0/24"]\nignore = true',
      'name = "again"\nusers = ["root"]\nactivations = 1\npenalty = "90d"',
      'name = "backup"\nusers = ["backup"]\nhours = "01:00-02:00"\nignore = true',
      'name = "five"\nprefixes = ["198.51.100.0/24"]\npoints = 5',
      'name = "half"\nprefixes = ["203.0.113.0/24"]\npoints = "x0.5"',
      'name = "names"\ndistinct-users = 3\npoints = 30',
      'name = "guests"\nmessages = ["sshd.failed-login"]\npoints = 7',
      'name = "six"\nservices = ["sshd"]\nlength6 = 56',
      'name = "mail"\nservices = ["postfix"]\norigins = ["grok"]\nnotify = true',
      'name = "by hand"\norigins = ["manual"]\npenalty = "1d"',
    ];
    writeFileSync(line.config, rules.map((rule) => `[[rule]]\n${rule}\n`).join(''));
    const named = async (address: string) =>
      (await explained(address)).filter((one) => one.startsWith('  rules may'));
    expect((await explained('5.149.104.9')).slice(-2)).toEqual([
      '  next offence: 30 points within 1 day block 5.149.104/24 for 30 days',
      '  rules may change this, depending on the event: backup, names, guests',
    ]);
    expect(await line.json('explain', '5.149.104.9')).toMatchObject([
      { rules: ['backup', 'names', 'guests'] },
    ]);
    expect(await named('2001:db8::1')).toEqual([expect.stringMatching(/ guests, six$/)]);
    // A rule before them decides the points of each event.
    expect(await named('198.51.100.1')).toEqual([expect.stringMatching(/: backup$/)]);
    // Of a message, it multiplies those of the rule.
    expect(await named('203.0.113.1')).toEqual([expect.stringMatching(/ backup, guests$/)]);
    // What is ignored, protected or blocked already:
    expect(await named('192.0.2.1')).toEqual([]);
    await line.run('add', '5.149.105/24', '--for', '1d');
    expect(await named('5.149.105.9')).toEqual([expect.stringMatching(/: backup$/)]);
    await line.run('allow', '5.149.106/24');
    expect(await named('5.149.106.9')).toEqual([]);
    line.now = '2026-04-24T00:00:00Z';
    expect(await named('5.149.105.9')).toEqual([expect.stringMatching(/: again, backup, /)]);
  });

  it('predicts how long a rule has a wider prefix blocked that holds an entry', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[[rule]]\nname = "wide"\norigins = ["grok", "pf"]\nlength4 = 20\n');
    await line.run('add', '5.149.96.0/24', '--for', '1d');
    line.now = '2026-04-20T12:00:00Z';
    expect((await explained('5.149.104.9')).at(-1)).toBe(
      '  next offence: 30 points within 1 day block 5.149.96/20 for 60 days',
    );
    const store = openStore(line.db, { mode: 'write' });
    const policies = policiesOf(await loadConfig(line.config, {}), undefined);
    const now = Date.parse(line.now) / 1000;
    const offender = parsePrefix('5.149.104.9');
    expect(decideHost(store, new ProtectedSpace([]), offender, policies, now)).toMatchObject({
      entry: { prefix: parsePrefix('5.149.96.0/20'), activations: 2 },
    });
    store.close();
  });

  it('predicts the effect of offences on a narrower entry and on the network around it', async () => {
    await line.run('add', '5.149.104.9', '--exact', '--for', '1h');
    const active = (await explained('5.149.104.9')).slice(-2);
    expect(active).toEqual([
      expect.stringContaining('  next offence: a hit on 5.149.104.9; '),
      '  more offences: 30 points within 1 day block 5.149.104/24 for 60 days',
    ]);
    line.now = '2026-03-24T06:00:00Z';
    expect((await explained('5.149.104.9')).slice(-2)).toEqual([
      '  next offence: 10 points within 1 day activate 5.149.104.9 again for 60 days',
      '  more offences: 30 points within 1 day block 5.149.104/24 for 60 days',
    ]);
    await grok({ '5.149.104.9': 1 }, '2026-03-24T05');
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.104.9/32', activations: 2 }]);
    await grok({ '5.149.104.9': 4 }, '2026-03-24T05');
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.104.0/24', activations: 2 }]);
  });

  it('names sender, note and evidence of an entry from the fleet', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const prefix = parsePrefix('9.9.9.0/24');
    const at = 1_774_224_000;
    const times = { firstSeen: at, lastSeen: at, activatedAt: at, expiresAt: at + 86_400 * 30 };
    const maker = { by: 'gate2', byAdmin: false };
    const base = {
      prefix,
      origin: 'fleet',
      note: 'scanner',
      ...maker,
      activations: 1,
      hits: 3,
    } as const;
    const entry = { ...base, ...times, endedAt: undefined, hitDays: [] };
    const row = { address: parsePrefix('9.9.9.9'), service: 'dovecot', message: 'failed-login' };
    const evidence = {
      ...row,
      port: undefined,
      count: 3,
      firstSeen: at,
      lastSeen: at,
      log: '',
      host: 'mx',
      proxy: '',
      rule: '',
    };
    store.record({ entry, activations: [entry], evidence: [{ activation: 1, rows: [evidence] }] });
    store.close();
    expect((await explained('9.9.9.9')).slice(1, 4)).toEqual([
      '  9.9.9/24: active, activated once, 3 hits, origin fleet, from gate2, "scanner"',
      '    1. 2026-03-23 00:00 to 2026-04-22 00:00',
      '       9.9.9.9: dovecot failed-login 3, 2026-03-23 00:00, on mx',
    ]);
  });
});
