import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os, { type NetworkInterfaceInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { liveFirewall } from '../../src/engine/firewall/live-firewall.ts';
import type { Firewall } from '../../src/firewall/firewall.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { CommandLine } from '../support/command-line.ts';
import { loginOf } from '../support/login.ts';

/** The interfaces of this host, as `cidr` writes them. */
let interfaces: string[];

const FAILURE = 'Failed password for root from';
const LOGIN = 'Accepted publickey for git from';
const HOLED = [
  '203.0.113.0/29',
  '203.0.113.8/32',
  '203.0.113.10/31',
  '203.0.113.12/30',
  '203.0.113.16/28',
  '203.0.113.32/27',
  '203.0.113.64/26',
  '203.0.113.128/25',
];

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  interfaces = ['127.0.0.1/8', '198.51.100.2/24'];
  vi.spyOn(os, 'networkInterfaces').mockImplementation(() => ({
    em0: interfaces.map(
      (cidr) => ({ address: cidr.replace(/\/.*/, ''), cidr }) as NetworkInterfaceInfo,
    ),
  }));
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  line.remove();
});

function sshd(second: number, text: string, address: string): string {
  const time = `2026-03-23T10:11:${String(second).padStart(2, '0')}Z`;
  const tail = text === LOGIN ? 'ssh2: ED25519 SHA256:abc' : 'ssh2';
  return `${time} gw sshd[${1000 + second}]: ${text} ${address} port 1 ${tail}\n`;
}

/** Writes a log with three failed logins and one with an accepted login. */
function twoLogs(offender: string, trusted: string): [string, string] {
  const logs: [string, string] = [line.path('failures.log'), line.path('logins.log')];
  writeFileSync(logs[0], [1, 2, 3].map((n) => sshd(n, FAILURE, offender)).join(''));
  writeFileSync(logs[1], sshd(30, LOGIN, trusted));
  return logs;
}

const rules = () => line.json<string[]>('emit');

async function explained(address: string) {
  const [found] = await line.json<
    { blocked: boolean; protectedBy: { prefix: string; reason: string } | null }[]
  >('explain', address);
  return found && { blocked: found.blocked, reason: found.protectedBy?.reason };
}

describe('a trusted address inside an automatic prefix', () => {
  it.each([
    ['after', false],
    ['before', true],
  ])('gets a hole if its login is read %s the failures', async (_, isReversed) => {
    const logs = twoLogs('203.0.113.77', '203.0.113.9');
    for (const log of isReversed ? logs.toReversed() : logs) await line.run('grok', log);
    expect(await line.json('show')).toMatchObject([{ prefix: '203.0.113.0/24' }]);
    expect(await rules()).toEqual(HOLED);
    expect(await explained('203.0.113.9')).toEqual({ blocked: false, reason: 'login' });
    expect(await explained('203.0.113.10')).toEqual({ blocked: true, reason: undefined });
    expect((await line.run('check', '203.0.113.9')).exitCode).toBe(1);
    expect((await line.run('check', '203.0.113.77')).exitCode).toBe(0);
  });

  it('gets a hole in IPv6', async () => {
    for (const log of twoLogs('2001:db8:1:2::77', '2001:db8:1:2::1')) await line.run('grok', log);
    const all = await rules();
    expect(all).toHaveLength(64);
    expect(all[0]).toBe('2001:db8:1:2::/128');
    expect(await explained('2001:db8:1:2::1')).toEqual({ blocked: false, reason: 'login' });
  });

  it('gets a hole while logs are followed, as soon as the login is read', async () => {
    const log = line.path('auth.log');
    const table = line.path('rules');
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, `[firewall]\nkind = "file"\nfile = "${table}"\n`);
    const [failures] = twoLogs('203.0.113.77', '203.0.113.9');
    await line.run('grok', failures);
    writeFileSync(log, sshd(30, LOGIN, '203.0.113.9'));
    await line.run('watch', '--once', '--apply', log);
    expect(readFileSync(table, 'utf8').trim().split('\n')).toEqual(HOLED);
  });

  it('loses the hole when it is trusted no longer', async () => {
    for (const log of twoLogs('203.0.113.77', '203.0.113.9')) await line.run('grok', log);
    await line.run('add', '203.0.113.0/24', '--until', '2027-01-01');
    line.now = '2026-04-22T10:11:30Z';
    expect(await rules()).toEqual(HOLED);
    line.now = '2026-04-22T10:11:31Z';
    expect(await rules()).toEqual(['203.0.113.0/24']);
  });

  it('gets no hole in an activation by hand, and one again in the next automatic one', async () => {
    const [failures, logins] = twoLogs('203.0.113.77', '203.0.113.9');
    line.now = '2026-03-01T00:00:00Z';
    await line.run('add', '203.0.112.0/22', '--until', '2026-03-24');
    line.now = '2026-03-23T12:00:00Z';
    await line.run('grok', logins);
    expect(await rules()).toEqual(['203.0.112.0/22']);
    expect(await explained('203.0.113.9')).toEqual({ blocked: true, reason: undefined });
    writeFileSync(failures, readFileSync(failures, 'utf8').replaceAll('-23T', '-24T'));
    line.now = '2026-03-25T00:00:00Z';
    await line.run('grok', failures);
    expect(await line.json('show')).toMatchObject([{ prefix: '203.0.112.0/22', activations: 2 }]);
    expect(await explained('203.0.113.9')).toEqual({ blocked: false, reason: 'login' });
    expect(await explained('203.0.113.77')).toMatchObject({ blocked: true });
  });

  it('gets a hole in a feed', async () => {
    const [, logins] = twoLogs('203.0.113.77', '203.0.113.9');
    const feed = line.path('feed');
    writeFileSync(feed, '203.0.113.0/24\n');
    await line.run('feed', 'list', feed);
    await line.run('grok', logins);
    expect(await rules()).toEqual(HOLED);
    expect(await explained('203.0.113.9')).toEqual({ blocked: false, reason: 'login' });
  });
});

describe('logs named in one command', () => {
  it('are one history: a login in a later one spares its address in an earlier one', async () => {
    const older = line.path('auth.log.2');
    const newer = line.path('auth.log.1');
    writeFileSync(older, [1, 2, 3].map((n) => sshd(n, FAILURE, '203.0.113.9')).join(''));
    writeFileSync(newer, sshd(30, LOGIN, '203.0.113.9').replace('-23T', '-24T'));
    utimesSync(older, 1_774_300_000, 1_774_300_000);
    utimesSync(newer, 1_774_400_000, 1_774_400_000);
    line.now = '2026-03-25T00:00:00Z';
    expect((await line.run('grok', '--dry-run', newer, older)).stdout).toContain('  0 new');
    await line.run('grok', newer, older);
    expect(await line.json('show')).toEqual([]);
  });

  it('may be parts of one another', async () => {
    const part = line.path('auth.log.1');
    const whole = line.path('auth.log.0');
    const text = [1, 2, 3].map((n) => sshd(n, FAILURE, '203.0.113.9'));
    writeFileSync(part, text.slice(0, 2).join(''));
    writeFileSync(whole, text.join(''));
    expect((await line.run('grok', part, whole)).exitCode).toBe(0);
    expect(await line.json('show')).toMatchObject([{ prefix: '203.0.113.0/24', hits: 3 }]);
  });
});

describe('this host', () => {
  it('gets a hole in whatever blocks the address that it has now', async () => {
    await line.run('add', '203.0.113.0/24');
    expect(await rules()).toEqual(['203.0.113.0/24']);
    interfaces.push('203.0.113.9/24');
    expect(await rules()).toEqual(HOLED);
    expect(await explained('203.0.113.9')).toEqual({ blocked: false, reason: 'own' });
  });

  it('never blocks its loopback and link-local addresses', async () => {
    await line.run('add', '127.0.0.0/8', 'fe80::/10', '::/128', '0.0.0.0', '--force');
    expect(await rules()).toEqual([]);
    expect(await explained('127.9.9.9')).toEqual({ blocked: false, reason: 'own' });
  });

  it('keeps its own networks open when their bogon comes back, but not against its owner', async () => {
    interfaces.push('192.168.64.1/18', '100.64.1.1/10', 'fd00:1::1/64');
    const packet =
      '2026-03-23T10:11:01Z fw filterlog[66047]: 5,,,1000000103,em0,match,block,in,4,0x0,,52,5929,0,DF,6,tcp,60,192.168.7.9,198.51.100.2,41000,22,0,S,1,,64240,,mss\n';
    writeFileSync(line.path('pf.log'), packet);
    await line.run('grok', '--pf', '--external', 'em0', line.path('pf.log'));
    expect(await line.json('show', '192.168.0.0/16')).toMatchObject([{ prefix: '192.168.0.0/16' }]);
    expect(await rules()).toEqual(['192.168.0.0/18', '192.168.128.0/17']);
    expect(await explained('192.168.65.1')).toEqual({ blocked: false, reason: 'connected' });
    expect(await explained('192.168.1.1')).toEqual({ blocked: true, reason: undefined });
    await line.run('add', '192.168.65.0/24');
    expect(await rules()).toEqual(['192.168.0.0/18', '192.168.65.0/24', '192.168.128.0/17']);
  });
});

describe('liveFirewall', () => {
  it('adds what became active without the holes', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const now = Date.UTC(2026, 2, 24) / 1000;
    store.recordLogins([loginOf(parsePrefix('203.0.113.9'), now)]);
    const added: string[] = [];
    const firewall = {
      name: 'test',
      add: async (prefixes: Iterable<Parameters<typeof formatPrefix>[0]>) => {
        added.push(...Array.from(prefixes, formatPrefix));
        return true;
      },
    } as unknown as Firewall;
    const live = liveFirewall(firewall, store, DEFAULT_POLICY, () => now);
    expect(await live.add([parsePrefix('203.0.113.0/24')])).toBe(true);
    expect(added).toEqual(HOLED);
    store.close();
  });

  it('starts the program for the next addition after each one', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const done: string[] = [];
    const firewall = {
      name: 'test',
      add: async () => {
        done.push('added');
        return true;
      },
      prepare: () => done.push('prepared'),
      release: () => done.push('released'),
    } as unknown as Firewall;
    const live = liveFirewall(firewall, store, DEFAULT_POLICY, () => 0);
    await live.add([parsePrefix('203.0.113.0/24')]);
    live.close();
    expect(done).toEqual(['added', 'prepared', 'released']);
    store.close();
  });

  it('starts no program before what waits to be sent is sent', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const done: string[] = [];
    const firewall = {
      name: 'test',
      add: async () => {
        done.push('added');
        return true;
      },
    } as unknown as Firewall;
    // As the client of Redis writes.
    setImmediate(() => done.push('sent'));
    const live = liveFirewall(firewall, store, DEFAULT_POLICY, () => 0);
    await live.add([parsePrefix('203.0.113.0/24')]);
    expect(done).toEqual(['sent', 'added']);
    store.close();
  });
});
