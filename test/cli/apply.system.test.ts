import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PfMachine } from '../firewall/pf-machine.ts';
import { LAYOUTS, PROBE, pcapFile, pcapPacket } from '../log/pf/pflog-maker.ts';
import { CommandLine, type Outcome } from '../support/command-line.ts';

let line: CommandLine;
let machine: PfMachine;
beforeEach(() => {
  line = new CommandLine();
  machine = new PfMachine();
  configure(`kind = "pf"\npfctl = "${machine.pfctl}"\n`);
});
afterEach(() => {
  line.remove();
  machine.remove();
});

function configure(firewall: string): void {
  const file = line.path('mcblock.toml');
  writeFileSync(file, `[firewall]\n${firewall}`);
  line.config = file;
}

function table(): string[] | undefined {
  return machine.state.tables['mcblock'];
}

function failure(second: number): string {
  return `Jan  1 00:00:0${second} gw sshd[${second}]: Failed password for bob from 5.149.104.7 port 4711 ssh2\n`;
}

function login(address: string): string {
  return `Jan  1 00:01:00 gw sshd[9]: Accepted password for bob from ${address} port 4711 ssh2\n`;
}

async function grok(text: string, ...options: string[]): Promise<Outcome> {
  const log = line.path('auth.log');
  writeFileSync(log, text);
  return line.run('grok', '--year', '2026', ...options, log);
}

describe('apply', () => {
  it('makes the firewall hold the rules and reports the changes', async () => {
    await line.run('add', '5.149.104/24', '5.149.105/24', '2001:67c::/32', '--no-apply');
    expect(await line.run('apply')).toEqual({
      exitCode: 0,
      stdout: 'pf table mcblock created: 2 rules\n',
      stderr: '',
    });
    expect(table()).toEqual(['5.149.104.0/23', '2001:67c::/32']);
    expect((await line.run('apply')).stdout).toBe('pf table mcblock: 2 rules (unchanged)\n');
    await line.run('expire', '5.149.105/24', '--no-apply');
    expect((await line.run('apply')).stdout).toBe(
      'pf table mcblock: 2 rules (1 added, 1 removed)\n',
    );
  });

  it('drops the rules of entries that have expired', async () => {
    await line.run('add', '--for', '1d', '9.9.9.9', '--no-apply');
    await line.run('add', '--for', '3d', '8.8.8.8', '--no-apply');
    await line.run('apply');
    line.now = '2026-01-02T00:00:00Z';
    await line.run('apply');
    expect(table()).toEqual(['8.8.8.8/32']);
  });

  it('shows the difference in a dry run', async () => {
    await line.run('add', '9.9.9.9', '8.8.8.8', '--apply');
    await line.run('expire', '9.9.9.9', '--no-apply');
    await line.run('add', '7.7.7.7', '--no-apply');
    expect(await line.run('apply', '--dry-run')).toEqual({
      exitCode: 0,
      stdout: '- 9.9.9.9/32\n+ 7.7.7.7/32\n',
      stderr: 'pf table mcblock would hold 2 rules\n',
    });
    expect(await line.json('apply', '--dry-run')).toEqual({
      firewall: 'pf table mcblock',
      dryRun: true,
      rules: 2,
      whole: false,
      added: ['7.7.7.7/32'],
      removed: ['9.9.9.9/32'],
    });
    expect(table()).toEqual(['8.8.8.8/32', '9.9.9.9/32']);
  });

  it('creates neither store nor table', async () => {
    line.hasStore = false;
    expect((await line.run('apply')).exitCode).toBe(1);
    expect(table()).toBeUndefined();
    expect(statSync(line.db, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('brings back after a reboot what a person blocked, however wide', async () => {
    await line.run('add', '64/7', '68/8', '69/8', '--force', '--no-apply');
    expect(await line.run('apply')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(table()).toEqual(['64.0.0.0/7', '68.0.0.0/7']);
  });

  it('leaves out a very wide rule that results from narrower entries, without --force', async () => {
    writeFileSync(line.path('list'), '9.9.9.9\n64.0.0.0/8\n65.0.0.0/8\n');
    await line.run('import', line.path('list'), '--no-apply');
    expect(await line.run('apply')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'rule 64.0.0.0/7 was left out of pf table mcblock: it is wider than /8; use apply --force',
      ),
    });
    expect(table()).toEqual(['9.9.9.9/32']);
    expect((await line.run('apply', '--force')).exitCode).toBe(0);
    expect(table()).toEqual(['9.9.9.9/32', '64.0.0.0/7']);
  });

  it('takes a bogon that one packet with a forged source brought back, and what comes after it', async () => {
    line.now = '2026-03-08T00:00:00Z';
    const seconds = Date.UTC(2026, 2, 7) / 1000;
    const seen = { ...PROBE, seconds, source: '240.1.2.3', interface: 'em0' };
    const packet = pcapPacket('little', LAYOUTS.freebsd, seen);
    writeFileSync(line.path('pflog'), pcapFile('little', [packet]));
    const outcome = await line.run('grok', '--pf', '--external', 'em0', line.path('pflog'));
    expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('240/4') });
    expect((await line.run('add', '8.8.8.8')).exitCode).toBe(0);
    expect(table()).toEqual(['8.8.8.8/32', '240.0.0.0/4']);
  });

  it('kills the states of newly blocked prefixes with --kill', async () => {
    await line.run('add', '9.9.9.9', '--apply');
    await line.run('add', '8.8.8.8', '--no-apply');
    machine.calls();
    await line.run('apply', '--kill');
    expect(machine.calls().filter((call) => call.startsWith('-k'))).toEqual(['-k 8.8.8.8/32']);
    configure(`kind = "file"\nfile = "${line.path('pf.blocked')}"\n`);
    expect(await line.run('apply', '--kill')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--kill is for pf'),
    });
  });

  it('fails with the error of pfctl', async () => {
    machine.set({ fault: 'permission' });
    expect(await line.run('apply')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'mcblock: pfctl: /dev/pf: Permission denied (run mcblock as root)\n',
    });
  });

  it('writes a file and then runs the command', async () => {
    const file = line.path('pf.blocked');
    const copy = line.path('copy');
    configure(`kind = "file"\nfile = "${file}"\ncommand = ["/bin/cp", "${file}", "${copy}"]\n`);
    await line.run('add', '9.9.9.9', '--apply');
    expect(readFileSync(copy, 'utf8')).toBe('9.9.9.9/32\n');
  });

  it.each([
    ['kind = "file"\n', /set firewall\.file to the absolute path/],
    ['kind = "ipfw"\n', /firewall\.kind must be one of/],
    ['kind = "pf"\npfctl = "pfctl"\n', /firewall\.pfctl must be the absolute path/],
    ['kind = "pf"\ncommand = ["pfctl", "-f"]\n', /firewall\.command.* must be a list/],
    ['kind = "pf"\ncommand = "pfctl -f"\n', /firewall\.command must be a list/],
    ['kind = "pf"\ntable = "no name"\n', /firewall\.table must be a table name/],
  ])('refuses the configuration %j', async (text, message) => {
    configure(text);
    expect(await line.run('apply')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(message),
    });
  });
});

describe('a configured firewall', () => {
  it('is updated by add and expire', async () => {
    expect(await line.run('add', '9.9.9.9')).toMatchObject({
      stdout: expect.stringMatching(/^9\.9\.9\.9 blocked until .*\n$/),
      stderr: 'pf table mcblock created: 1 rule\n',
    });
    expect(table()).toEqual(['9.9.9.9/32']);
    await line.run('expire', '9.9.9.9');
    expect(table()).toEqual([]);
  });

  it('gets and loses the holes of the allow-list', async () => {
    await line.run('add', '5.149.104/22', '2001:67c::/32');
    await line.run('allow', '5.149.105.9', '2001:67c:8000::/33');
    const rules = table() ?? [];
    expect(rules).toEqual([
      '5.149.104.0/24',
      '5.149.105.0/29',
      '5.149.105.8/32',
      '5.149.105.10/31',
      '5.149.105.12/30',
      '5.149.105.16/28',
      '5.149.105.32/27',
      '5.149.105.64/26',
      '5.149.105.128/25',
      '5.149.106.0/23',
      '2001:67c::/33',
    ]);
    expect(await line.json('show')).toHaveLength(2);
    await line.run('allow', '--remove', '5.149.105.9', '2001:67c:8000::/33');
    expect(table()).toEqual(['5.149.104.0/22', '2001:67c::/32']);
  });

  it('may fail: the entry is recorded, and nothing is said to be blocked', async () => {
    machine.set({ fault: 'busy' });
    expect(await line.run('add', '9.9.9.9')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/recorded; the firewall is unchanged: .*Device busy/),
    });
    machine.set({ fault: undefined });
    await line.run('apply');
    expect(table()).toEqual(['9.9.9.9/32']);
  });

  it('is left alone with --no-apply', async () => {
    expect(await line.run('add', '9.9.9.9', '--no-apply')).toMatchObject({
      stdout: expect.stringMatching(/^9\.9\.9\.9 recorded until .*\n$/),
      stderr: '',
    });
    expect(table()).toBeUndefined();
  });

  it.each([['add', '8.8.8.8'], ['expire', '9.9.9.9'], ['allow', '198.51.100.7'], ['undo']])(
    'is asked for by %s if there is none',
    async (...argv) => {
      await line.run('add', '9.9.9.9', '--no-apply');
      line.config = undefined;
      expect(await line.run(...argv)).toMatchObject({
        exitCode: 0,
        stdout: expect.not.stringContaining('blocked'),
        stderr: 'recorded; run mcblock apply or mcblock emit to update the firewall\n',
      });
    },
  );

  it('inherits --force from add', async () => {
    expect((await line.run('add', '64/7', '--force')).exitCode).toBe(0);
    expect(table()).toEqual(['64.0.0.0/7']);
  });

  describe('after grok', () => {
    const NOTE = 'recorded; run mcblock apply or mcblock emit to update the firewall\n';

    beforeEach(async () => {
      line.now = '2026-01-01T01:00:00Z';
      await grok([1, 2, 3].map(failure).join(''), '--apply');
      expect(table()).toEqual(['5.149.104.0/24']);
    });

    it.each(['5.149.104.7', '5.149.104.9'])(
      'fails if a login from %s cannot change it',
      async (address) => {
        machine.set({ fault: 'busy' });
        expect(await grok(login(address))).toMatchObject({
          exitCode: 1,
          stderr: expect.stringMatching(/recorded; the firewall is unchanged: .*Device busy/),
        });
      },
    );

    it.each([
      ['5.149.104.7', NOTE],
      ['5.149.104.9', NOTE],
      ['5.149.105.7', ''],
    ])('is asked for if a login from %s changes the rules', async (address, stderr) => {
      line.config = undefined;
      expect(await grok(login(address))).toMatchObject({ exitCode: 0, stderr });
      line.now = '2026-01-01T02:00:00Z';
      expect(await grok(login(address).replace('00:01', '01:01'))).toMatchObject({ stderr: '' });
    });
  });

  it('needs a prefix with allow', async () => {
    expect((await line.run('allow', '--apply')).exitCode).toBe(2);
  });
});

describe('the ssh session of the user', () => {
  it.each([
    ['198.51.100.7 50122 203.0.113.1 22', '198.51.100/24', '198.51.100.7 (your ssh session)'],
    ['2001:67c::7 50122 2001:67c::1 22', '2001:67c::/32', '2001:67c::7/128 (your ssh session)'],
    [
      '::ffff:198.51.100.7 50122 ::ffff:203.0.113.1 22',
      '198.51.100.7',
      '198.51.100.7 (your ssh session)',
    ],
    ['fe80::7%em0 50122 fe80::1%em0 22', 'fe80::7/128', 'fe80::/10 (this host)'],
  ])('is not blocked by hand: %s', async (connection, prefix, protection) => {
    line.env = { SSH_CONNECTION: connection };
    expect(await line.run('add', prefix)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `mcblock: ${prefix} overlaps ${protection}; use --force to block it\n`,
    });
    expect(await line.json('show')).toEqual([]);
    expect((await line.run('add', '--force', prefix)).exitCode).toBe(0);
  });

  it('is not blocked by import', async () => {
    line.env = { SSH_CONNECTION: '198.51.100.7 50122 203.0.113.1 22' };
    const list = line.path('list');
    writeFileSync(list, '9.9.9.9\n198.51.100.0/24\n');
    expect(await line.run('import', list)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('your ssh session'),
    });
    expect(await line.json('show')).toEqual([]);
  });

  it('is not blocked by a wider expired entry', async () => {
    await line.run('add', '198.51.100/24');
    line.now = '2026-06-01T00:00:00Z';
    line.env = { SSH_CONNECTION: '198.51.100.7 50122 203.0.113.1 22' };
    await line.run('add', '198.51.100.200');
    expect(await line.json('show')).toMatchObject([{ prefix: '198.51.100.200/32' }]);
  });

  it.each(['', 'nonsense', '1.2.3 4'])('is ignored if SSH_CONNECTION is %j', async (connection) => {
    line.env = { SSH_CONNECTION: connection };
    expect((await line.run('add', '198.51.100/24')).exitCode).toBe(0);
  });
});
