import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pfFirewall } from '../../src/firewall/pf.ts';
import { directPfctl } from '../../src/firewall/pfctl.ts';
import { apply } from '../contract/firewall-contract.ts';
import { PfMachine } from './pf-machine.ts';

let machine: PfMachine;
beforeEach(() => {
  machine = new PfMachine();
});
afterEach(() => machine.remove());

function bench(table = 'mcblock', file = '') {
  const pfctl = directPfctl(machine.pfctl, table, machine.sysctl);
  return { firewall: pfFirewall(pfctl, table, file) };
}

/** Hosts that no two of which are one prefix. */
function hosts(count: number): string[] {
  return Array.from(
    { length: count },
    (_, i) => `7.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2}/32`,
  );
}

describe('the pf table', () => {
  it('is created by the first apply, then changed', async () => {
    await apply(bench(), ['5.149.104.0/24', '9.9.9.9/32']);
    expect(machine.calls()).toEqual([
      '-t mcblock -T show',
      '-t mcblock -T show',
      '-s memory',
      '-t mcblock -T add -f -',
      '-t mcblock -T show',
    ]);
    await apply(bench(), ['5.149.104.0/23', '9.9.9.9/32']);
    expect(machine.calls()).toEqual([
      '-t mcblock -T show',
      '-s memory',
      '-t mcblock -T add -f -',
      '-t mcblock -T delete -f -',
      '-t mcblock -T show',
    ]);
  });

  it('is only read if nothing changes', async () => {
    await apply(bench(), ['9.9.9.9/32']);
    machine.calls();
    await apply(bench(), ['9.9.9.9/32']);
    expect(machine.calls()).toEqual(['-t mcblock -T show']);
  });

  it('is the only table that changes', async () => {
    machine.set({ tables: { other: ['1.1.1.1/32'] } });
    await apply(bench(), ['9.9.9.9/32']);
    await apply(bench(), []);
    expect(machine.state.tables).toEqual({ other: ['1.1.1.1/32'], mcblock: [] });
  });

  it('is read in all formats of pfctl', async () => {
    const rules = [
      '0.0.0.0/1',
      '10.0.0.0/8',
      '192.0.2.1/32',
      '::1/128',
      '2001:db8::/32',
      'ff00::/8',
    ];
    await apply(bench(), rules, { force: true });
    expect(machine.state.tables['mcblock']).toEqual(rules);
    machine.calls();
    await apply(bench(), rules);
    expect(machine.calls()).toHaveLength(1);
  });

  it('holds as many addresses as FreeBSD takes and lists by default', async () => {
    const many = hosts(65_535);
    await apply(bench(), many);
    expect(machine.state.tables['mcblock']).toEqual(many);
    await apply(bench(), ['9.9.9.9/32']);
    expect(machine.state.tables['mcblock']).toEqual(['9.9.9.9/32']);
  });

  it('loses its negated addresses, and keeps the others all the time', async () => {
    const many = hosts(40_000);
    const [first = '', ...others] = many;
    machine.set({ tables: { mcblock: [`!${first}`, ...others] } });
    await apply(bench(), many);
    expect(machine.state.tables['mcblock']).toEqual(many);
    expect(machine.calls().filter((call) => /-T (?:add|delete|replace)/.test(call))).toEqual([
      '-t mcblock -T delete -f -',
      '-t mcblock -T add -f -',
    ]);
  });

  it('deletes before it adds if there is no room for both', async () => {
    machine.set({ limit: 3 });
    await apply(bench(), ['1.1.1.1/32', '3.3.3.3/32', '5.5.5.5/32']);
    machine.calls();
    await apply(bench(), ['7.7.7.7/32', '3.3.3.3/32', '9.9.9.9/32']);
    expect(machine.calls().filter((call) => /-T (?:add|delete)/.test(call))).toEqual([
      '-t mcblock -T delete -f -',
      '-t mcblock -T add -f -',
    ]);
    expect(machine.state.tables['mcblock']).toEqual(['3.3.3.3/32', '7.7.7.7/32', '9.9.9.9/32']);
  });
});

describe('an error of pfctl', () => {
  it.each([
    ['missing', /\/dev\/pf: No such file or directory.*kldload pf/],
    ['permission', /\/dev\/pf: Permission denied.*as root/],
    ['busy', /Device busy.*try again/],
  ] as const)('is told, with what to do: %s', async (fault, message) => {
    machine.set({ fault });
    await expect(apply(bench(), ['9.9.9.9/32'])).rejects.toMatchObject({
      code: 'program',
      exitCode: 1,
      message: expect.stringMatching(message),
    });
  });

  it('is predicted if the rules exceed the limit', async () => {
    machine.set({ limit: 2 });
    await expect(apply(bench(), hosts(3))).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(
        /3 rules exceed pf's limit of 2 table entries.*set limit table-entries 100000/,
      ),
    });
    expect(machine.state.tables).toEqual({});
  });

  it('is explained if other tables fill the limit', async () => {
    machine.set({ limit: 4, tables: { other: ['1.1.1.1/32', '2.2.2.2/32'], mcblock: [] } });
    await expect(apply(bench(), hosts(3))).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(/Cannot allocate memory.*set limit table-entries/),
    });
    expect(machine.state.tables['mcblock']).toEqual([]);
  });

  it('is raised if it took only some of the addresses', async () => {
    await apply(bench(), []);
    machine.set({ fault: 'half' });
    await expect(apply(bench(), hosts(12))).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(
        /pfctl add of 6 addresses, table mcblock: 3\/6 addresses added\./,
      ),
    });
    machine.set({ fault: undefined });
    await apply(bench(), hosts(12));
    expect(machine.state.tables['mcblock']).toEqual(hosts(12));
  });

  it.each([
    'pfctl: Invalid argument.',
    'cannot get addresses from mcblock: too many elements.\nConsider increasing net.pf.request_maxcount.pfctl: Invalid argument.',
    'pfctl: Anchor does not exist.',
    'pfctl: Unknown error: -1.',
  ])('is explained if it cannot list all addresses in one call: %j', async (tooMany) => {
    machine.set({ maxCount: 2, tooMany, tables: { mcblock: hosts(3) } });
    await expect(apply(bench(), hosts(3))).rejects.toMatchObject({
      message: expect.stringMatching(/at most net\.pf\.request_maxcount.*loader\.conf/),
    });
  });

  it('is predicted if FreeBSD could not list the rules', async () => {
    await expect(apply(bench(), hosts(65_536))).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(
        /65536 rules exceed pf's limit of 65535 addresses in one request.*net\.pf\.request_maxcount=200000/,
      ),
    });
    expect(machine.state.tables).toEqual({});
  });

  it('is explained if the table name is too long', async () => {
    await expect(apply(bench('a'.repeat(32)), [])).rejects.toMatchObject({
      message: expect.stringMatching(/usage: pfctl .*at most 31 characters/),
    });
    await apply(bench('a'.repeat(31)), ['9.9.9.9/32']);
  });

  it('is raised if the list of pfctl cannot be read', async () => {
    machine.set({ fault: 'garbage' });
    await expect(apply(bench(), ['9.9.9.9/32'])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('table mcblock: cannot read "this is no address"'),
    });
  });

  it('is raised if pfctl is missing', async () => {
    const firewall = pfFirewall(directPfctl(`${machine.folder}/none`, 'mcblock'), 'mcblock');
    await expect(apply({ firewall }, [])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('none: no such file'),
    });
  });
});

describe('the table file', () => {
  it('holds what the table holds, and is written only if that changed', async () => {
    const file = join(machine.folder, 'pf.blocked');
    await apply(bench('mcblock', file), ['5.149.104.0/23', '2001:67c::/32']);
    expect(readFileSync(file, 'utf8')).toBe('5.149.104.0/23\n2001:67c::/32\n');
    const { ino } = statSync(file);
    await apply(bench('mcblock', file), ['5.149.104.0/23', '2001:67c::/32']);
    expect(statSync(file).ino).toBe(ino);
    rmSync(file);
    await apply(bench('mcblock', file), ['5.149.104.0/23', '2001:67c::/32'], { dryRun: true });
    expect(existsSync(file)).toBe(false);
    await apply(bench('mcblock', file), ['5.149.104.0/23', '2001:67c::/32']);
    expect(existsSync(file)).toBe(true);
  });
});

describe('doctor', () => {
  it('warns of a table that FreeBSD soon cannot list', async () => {
    machine.set({ maxCount: 100 });
    expect(await bench().firewall.fault?.(90)).toBeUndefined();
    expect(await bench().firewall.fault?.(91)).toEqual({
      text: '91 rules; FreeBSD takes 100 addresses in one request',
      advice: 'put net.pf.request_maxcount=182 into /boot/loader.conf, and run sysctl with it',
    });
  });
});

describe('a concurrent change of another program', () => {
  it('is corrected by the next attempt', async () => {
    await apply(bench(), ['1.1.1.1/32']);
    const { firewall } = bench();
    // Between reading and changing, someone takes out what is to be taken out.
    let first = true;
    const disturbed = {
      ...firewall,
      change: (change: Parameters<typeof firewall.change>[0]) => {
        if (first) machine.set({ tables: { mcblock: [] } });
        first = false;
        return firewall.change(change);
      },
    };
    await apply({ firewall: disturbed }, ['9.9.9.9/32']);
    expect(machine.state.tables['mcblock']).toEqual(['9.9.9.9/32']);
  });
});

describe('--kill', () => {
  it('kills the states of each prefix', async () => {
    const { firewall } = bench();
    const { added } = await apply({ firewall }, ['5.149.104.0/23', '2001:67c::/32']);
    machine.calls();
    await firewall.kill?.(added);
    expect(machine.calls()).toEqual(['-k 5.149.104.0/23', '-k 2001:67c::/32']);
  });
});
