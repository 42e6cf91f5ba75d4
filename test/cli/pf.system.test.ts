import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPrefix } from '../../src/net/prefix-text.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { prefixOf } from '../reference/networks.ts';
import { CommandLine } from '../support/command-line.ts';

const IS_ROOT = process.getuid?.() === 0;

let line: CommandLine;
let machine: PfMachine;
beforeEach(() => {
  line = new CommandLine();
  machine = new PfMachine();
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, configuration());
});
afterEach(() => {
  machine.remove();
  line.remove();
});

function configuration(): string {
  return `firewall.pfctl = "${machine.pfctl}"\nfirewall.table = "bans"\nfirewall.kind = "pf"\n`;
}

const pf = (...argv: string[]) => line.run('pf', ...argv);
const table = () => machine.state.tables['bans'];

describe('mcblock pf', () => {
  it('changes the configured table with fixed arguments', async () => {
    expect(await pf('add', '192.0.2.7', '5.149.104/22', '2001:DB8::/64')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '1 table created.\n3/3 addresses added.\n',
    });
    expect(machine.calls()).toEqual(['-t bans -T show', '-t bans -T add -f -']);
    expect(table()).toEqual(['5.149.104.0/22', '192.0.2.7/32', '2001:db8::/64']);
    expect((await pf('add', '192.0.2.7')).stderr).toBe('0/1 addresses added.\n');
    expect((await pf('delete', '192.0.2.7')).exitCode).toBe(0);
    expect((await pf('show')).stdout).toBe('   5.149.104.0/22\n   2001:db8::/64\n');
    machine.set({ tables: { bans: ['!192.0.2.8/32', '192.0.2.9/32'] } });
    expect((await pf('delete-negated', '192.0.2.8')).exitCode).toBe(0);
    expect(table()).toEqual(['192.0.2.9/32']);
    expect((await pf('memory')).stdout).toContain('table-entries hard limit');
  });

  it('keeps the table within limits.share, also one call at a time', async () => {
    const wide = Array.from({ length: 223 }, (_, index) => `${index + 1}.0.0.0/8`);
    for (let from = 0; from < wide.length; from += 30) {
      await pf('add', ...wide.slice(from, from + 30));
    }
    expect(table()).toHaveLength(64);
    expect(await pf('add', '200.1.2.3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('200.1.2.3 would bring the table above limits.share of IPv4'),
    });
    // What is blocked already takes no room.
    expect((await pf('add', `${table()?.at(-1)?.split('.')[0]}.200.2.3`)).exitCode).toBe(0);
  });

  it('keeps the table within limits.share of 2000::/3', async () => {
    writeFileSync(line.config ?? '', `${configuration()}limits.share = 1\n`);
    // 656 prefixes of /19 are just over 1 % of the 65,536 in 2000::/3. They begin after 2002::/16,
    // where one embeds 127.0.0.1.
    const texts = Array.from({ length: 700 }, (_, number) =>
      formatPrefix(prefixOf(6, (0x2003n << 112n) + (BigInt(number * 2) << 109n), 19)),
    );
    expect((await pf('add', ...texts.slice(0, 500))).exitCode).toBe(0);
    expect((await pf('add', ...texts.slice(500))).exitCode).toBe(1);
    expect(table()).toHaveLength(655);
  });

  it.each([
    ['0.0.0.0/0', /wider than \/8/],
    ['128.0.0.0/7', /wider than \/8/],
    ['2000::/3', /wider than \/19/],
    ['127.0.0.1', /127\/8 \(this host\)/],
    ['64:ff9b::127.0.0.1', /127\/8 \(this host\)/],
    ['127.0.0.0/8', /127\/8 \(this host\)/],
    ['::1', /::1\/128 \(this host\)/],
    ['198.51.100.9', /198.51.100\/24 \(allow-list\)/],
    ['198.51.0.0/16', /198.51.100\/24 \(allow-list\)/],
    ['example.com', /"example.com" is no prefix/],
    ['192.0.2.7/24', /did you mean 192.0.2.0\/24/],
  ])('refuses %s and blocks the rest', async (prefix, message) => {
    await line.run('allow', '198.51.100.0/24');
    const { exitCode, stderr } = await pf('add', prefix, '192.0.2.7');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(table()).toEqual(['192.0.2.7/32']);
  });

  it('refuses the addresses of this host', async () => {
    const own = Object.values(networkInterfaces()).flatMap((some) =>
      (some ?? []).map(({ address }) => address.replace(/%.*/, '')),
    );
    expect((await pf('add', ...own)).exitCode).toBe(1);
    expect(machine.calls()).toEqual([]);
  });

  it.each([
    [['add', '192.0.2.7/24']],
    [['add', 'example.com']],
    [['add', '192.0.2.7 -f /etc/passwd']],
    [['add', '192.0.2.7\n192.0.2.8']],
    [['add', '--', '-f']],
    [['add', '-f', '/etc/passwd']],
    [['add', '-T', 'flush']],
    [['flush']],
    [['show', 'x']],
  ])('runs nothing for %j', async (argv) => {
    expect((await pf(...argv)).exitCode).toBeGreaterThan(0);
    expect(machine.calls()).toEqual([]);
  });

  it('fails if pf does', async () => {
    machine.set({ fault: 'permission' });
    const { exitCode, stderr } = await pf('add', '192.0.2.7');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Permission denied')]);
  });

  it.skipIf(!IS_ROOT)('refuses a configuration that others can write', async () => {
    chmodSync(line.path('mcblock.toml'), 0o664);
    expect(await pf('add', '192.0.2.7')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('writable by others'),
    });
    chmodSync(line.path('mcblock.toml'), 0o644);
    chownSync(line.path('mcblock.toml'), 65_534, 0);
    expect((await pf('add', '192.0.2.7')).exitCode).toBe(2);
    expect(machine.calls()).toEqual([]);
  });

  it.skipIf(!IS_ROOT)('refuses --config through doas and sudo', async () => {
    for (const name of ['DOAS_USER', 'SUDO_USER', 'SUDO_UID']) {
      line.env = { [name]: '_mcblock' };
      for (const argv of [['add', '192.0.2.7'], ['show']]) {
        expect(await pf(...argv)).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining("root's own configuration"),
        });
      }
    }
    expect(machine.calls()).toEqual([]);
  });

  it.skipIf(!IS_ROOT)("does not open another user's store", async () => {
    await line.run('allow', '198.51.100.0/24');
    chownSync(line.db, 65_534, 0);
    expect((await pf('add', '198.51.100.9')).exitCode).toBe(0);
  });
});
