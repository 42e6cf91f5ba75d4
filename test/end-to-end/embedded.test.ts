import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-02T00:00:00Z';
});
afterEach(() => line.remove());

let pid = 0;

/** Reads a log with a failed login from each of these addresses. */
async function fail(...addresses: string[]) {
  const log = line.path('auth.log');
  const lines = addresses.map((address) => {
    pid++;
    return `2026-03-01T12:00:00Z gw sshd[${pid}]: Failed password for root from ${address} port 4711 ssh2\n`;
  });
  writeFileSync(log, lines.join(''));
  const { stdout } = await line.run('grok', log);
  return stdout;
}

async function rules(): Promise<string> {
  return (await line.run('emit')).stdout;
}

function three(address: string): string[] {
  return [address, address, address];
}

describe('an IPv6 address that embeds an IPv4 one', () => {
  it.each([
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7100/120'],
    ['64:ff9b:1::203.0.113.7', '64:ff9b:1::cb00:7100/120'],
    ['64:ff9b:1:2:3:4:203.0.113.7', '64:ff9b:1:2:3:4:cb00:7100/120'],
    ['::ffff:0:203.0.113.7', '::ffff:0:cb00:7100/120'],
    ['2001:0:c000:201:0:1234:34ff:8ef8', '2001:0:c000:201:0:1234:34ff:8ef8/128'],
    ['2001:db8:1:1::203.0.113.7', '2001:db8:1:1::/64'],
  ])('is blocked as the embedded one would be: %s', async (address, prefix) => {
    await fail(...three(address));
    expect(await rules()).toBe(`${prefix}\n`);
  });

  it('of 6to4 is blocked with its site', async () => {
    await fail('2002:cb00:7107:1::1', '2002:cb00:7107:2::1', '2002:cb00:7107:3::1');
    expect(await rules()).toBe('2002:cb00:7107::/48\n');
  });

  it('is read in the configured prefixes', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, 'auto.nat64 = ["2001:db8:122::/48"]\n');
    await fail(...three('2001:db8:122:cb00:71:700::'));
    expect(await rules()).toBe('2001:db8:122:cb00:71::/80\n');
    await line.run('allow', '203.0.113.7');
    expect(await rules()).not.toMatch(/2001:db8:122:cb00:71:700/);
    expect((await line.run('check', '2001:db8:122:cb00:71:700::')).exitCode).toBe(1);
    expect((await line.run('check', '2001:db8:122:cb00:71:800::')).exitCode).toBe(0);
  });

  it.each([
    '64:ff9b::203.0.113.7',
    '64:ff9b:1::203.0.113.7',
    '2002:cb00:7107::1',
    '2001:0:c000:201:0:1234:34ff:8ef8',
  ])('is spared if the embedded one is allowed, before and after: %s', async (address) => {
    await fail(...three(address));
    await line.run('allow', '203.0.113.0/24');
    expect(await rules()).toBe('');
    const { stdout } = await line.run('explain', address);
    expect(stdout).toContain('embeds 203.0.113.7');
    expect(stdout).toContain('protected by 203.0.113/24 (allow-list)');
    expect(await fail(...three(address))).toContain('spared');
  });

  it.each(['64:ff9b::10.0.0.1', '64:ff9b::127.0.0.1', '2002:c0a8:101::1'])(
    'is spared if the embedded one is private: %s',
    async (address) => {
      expect(await fail(...three(address))).toContain('spared');
      expect(await rules()).toBe('');
    },
  );

  it('is not blocked by hand if the embedded one is allowed', async () => {
    await line.run('allow', '203.0.113.0/24');
    const { exitCode, stderr } = await line.run('add', '64:ff9b::cb00:7100/121');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('overlaps 203.0.113/24 (allow-list)');
  });

  it('has no hole in a prefix that lacks bits before it, and explain says so', async () => {
    await line.run('allow', '203.0.113.0/24');
    await line.run('add', '2001::/32');
    expect(await rules()).toBe('2001::/32\n');
    const { stdout } = await line.run('explain', '2001:0:c000:201:0:1234:34ff:8ef8');
    expect(stdout).toContain('on the blocklist: 2001::/32');
    expect(stdout).not.toContain('\n  protected by');
  });

  it('brings back no entry around all of them', async () => {
    for (const wide of ['64:ff9b::/64', '2002::/16']) {
      await line.run('--now', '2026-01-01T00:00Z', 'add', '--force', '--for', '1d', wide);
    }
    await fail(...three('64:ff9b::203.0.113.7'), ...three('2002:cb00:7107::1'));
    expect(await rules()).toBe('64:ff9b::cb00:7100/120\n2002:cb00:7107::/48\n');
  });

  it('is the same trusted address', async () => {
    const log = line.path('login.log');
    writeFileSync(
      log,
      '2026-03-01T11:00:00Z gw sshd[1]: Accepted publickey for me from 203.0.113.7 port 4711 ssh2\n',
    );
    await fail(...three('64:ff9b::203.0.113.9'));
    await line.run('grok', log);
    expect(await rules()).not.toMatch(/64:ff9b::cb00:7100\/120/);
    expect((await line.run('check', '64:ff9b::203.0.113.7')).exitCode).toBe(1);
    expect((await line.run('check', '64:ff9b::203.0.113.9')).exitCode).toBe(0);
  });
});
