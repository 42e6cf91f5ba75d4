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

function bench(table = 'mcblock') {
  return { firewall: pfFirewall(directPfctl(machine.pfctl, table), table) };
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
      '-s memory',
      '-t mcblock -T replace -f -',
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

  it('is filled and emptied in calls of at most 65,535 addresses', async () => {
    // To list so many the sysctl has to be higher; no call puts in or takes out more than that.
    machine.set({ maxCount: 65_536 });
    const many = hosts(65_536);
    await apply(bench(), many);
    expect(machine.calls().filter((call) => call.includes('-f -'))).toEqual([
      '-t mcblock -T replace -f -',
      '-t mcblock -T add -f -',
    ]);
    expect(machine.state.tables['mcblock']).toHaveLength(65_536);
    await apply(bench(), ['9.9.9.9/32']);
    expect(machine.calls().filter((call) => call.includes('-T delete'))).toHaveLength(2);
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

  it('is explained if it cannot list all addresses in one call', async () => {
    machine.set({ maxCount: 2, tables: { mcblock: hosts(3) } });
    await expect(apply(bench(), hosts(3))).rejects.toMatchObject({
      message: expect.stringMatching(/Invalid argument.*net\.pf\.request_maxcount/),
    });
  });

  it('is explained if the table name is too long', async () => {
    await expect(apply(bench('a'.repeat(32)), [])).rejects.toMatchObject({
      message: expect.stringMatching(/usage: pfctl .*at most 31 characters/),
    });
    await apply(bench('a'.repeat(31)), ['9.9.9.9/32']);
  });

  it('follows from a foreign address: the table is replaced', async () => {
    machine.set({ fault: 'garbage' });
    await expect(apply(bench(), ['9.9.9.9/32'])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('1 rules missing and 0 unexpected'),
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
