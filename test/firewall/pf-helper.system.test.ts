import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Firewall } from '../../src/firewall/firewall.ts';
import { pfFirewall } from '../../src/firewall/pf.ts';
import { directPfctl, helpedPfctl } from '../../src/firewall/pfctl.ts';
import { reconcile } from '../../src/firewall/reconcile.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { PfHelper } from './pf-helper.ts';
import { PfMachine } from './pf-machine.ts';

let machine: PfMachine;
let firewall: Firewall;
beforeEach(() => {
  machine = new PfMachine();
  const { helper } = new PfHelper(machine);
  const direct = directPfctl('/nonexistent/pfctl', 'mcblock');
  firewall = pfFirewall(
    helpedPfctl([helper], direct, () => false),
    'mcblock',
  );
});
afterEach(() => machine.remove());

const table = () => machine.state.tables['mcblock'];

async function apply(...texts: string[]): Promise<void> {
  const rules = PrefixList.from(texts.map(parsePrefix));
  rules.sort();
  await reconcile(firewall, () => rules, {});
}

describe('pf through a helper', () => {
  it('is changed only by the difference', async () => {
    await apply('192.0.2.7', '5.149.104/22');
    await apply('2001:db8::/64', '5.149.104/22');
    expect(table()).toEqual(['5.149.104.0/22', '2001:db8::/64']);
    const changes = machine.calls().filter((call) => call.endsWith('-f -'));
    expect(changes).toEqual([
      '-t mcblock -T add -f -',
      '-t mcblock -T add -f -',
      '-t mcblock -T delete -f -',
    ]);
  });

  it('loses the negated addresses of somebody else', async () => {
    machine.set({ tables: { mcblock: ['!3.3.3.3/32', '4.4.4.4/32'] } });
    await apply('192.0.2.7');
    expect(table()).toEqual(['192.0.2.7/32']);
  });

  it('blocks all but the refused prefixes, which are named', async () => {
    await apply('192.0.2.7');
    await expect(apply('192.0.2.7', '127.0.0.0/24', '5.149.104/22')).rejects.toThrow(
      /127.0.0\/24 overlaps 127\/8 \(this host\)/,
    );
    expect(table()).toEqual(['5.149.104.0/22', '192.0.2.7/32']);
  });

  it('passes on the errors of pfctl', async () => {
    machine.set({ fault: 'missing' });
    await expect(apply('192.0.2.7')).rejects.toThrow(/kldload pf/);
  });

  it('cannot kill states', async () => {
    await expect(firewall.kill?.(PrefixList.from([parsePrefix('192.0.2.7')]))).rejects.toThrow(
      /mcblock apply --kill as root/,
    );
  });
});
