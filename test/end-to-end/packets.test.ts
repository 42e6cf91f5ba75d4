import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_NAMESPACES } from '../firewall/namespace.ts';
import { Network } from '../firewall/network.ts';
import { CommandLine } from '../support/command-line.ts';

const LOG = 'fixtures/auth.log.0.bz2';
/** Two that offend in the log, and two who live next door. */
const ATTACKER = ['5.149.104.2', '2a0e:5f9a:be::1'] as const;
const NEIGHBOUR = ['5.149.106.2', '2a0e:5f9a:bf::1'] as const;
/** Each other one adds a rule, of each even length from 16 to 30 twice. */
const RELOADS = 32;
const WHY = NO_NAMESPACES ? `: ${NO_NAMESPACES}` : '';

describe.skipIf(NO_NAMESPACES)(`real packets${WHY}`, () => {
  let line: CommandLine;
  let network: Network;
  beforeEach(() => {
    line = new CommandLine();
    line.now = '2026-03-24T00:00:00Z';
    network = new Network([...ATTACKER, ...NEIGHBOUR], 2);
  });
  afterEach(() => {
    line.remove();
    network.remove();
  });

  /** From now on the command line works on the firewall of this host. */
  function on(host: number): void {
    const config = line.path('mcblock.toml');
    const { nft } = network.hosts[host]!.namespace;
    writeFileSync(config, `[firewall]\nkind = "nft"\nnft = "${nft}"\n`);
    line.config = config;
  }

  async function open(sources: readonly [string, string], host: number) {
    const { address4, address6 } = network.hosts[host]!;
    return Promise.all([
      network.isOpen(sources[0], address4),
      network.isOpen(sources[1], address6),
    ]);
  }

  it('are dropped from offenders, pass from their neighbours, and pass again after expiry', async () => {
    for (const host of network.hosts) await network.serve(host);
    for (const host of [0, 1]) {
      expect(await open(ATTACKER, host)).toEqual([true, true]);
      expect(await open(NEIGHBOUR, host)).toEqual([true, true]);
    }
    const held = await network.hold(ATTACKER[0], network.hosts[0]!.address4);

    on(0);
    await line.run('grok', '--no-apply', '--year', '2026', LOG);
    expect((await line.run('apply')).stdout).toContain('created: 46 rules');
    expect(await open(ATTACKER, 0)).toEqual([false, false]);
    expect(await open(NEIGHBOUR, 0)).toEqual([true, true]);
    // The other host has not heard of it yet.
    expect(await open(ATTACKER, 1)).toEqual([true, true]);
    on(1);
    await line.run('apply');
    expect(await open(ATTACKER, 1)).toEqual([false, false]);
    expect(await open(NEIGHBOUR, 1)).toEqual([true, true]);

    on(0);
    await line.run('expire', '--no-apply', '5.149.104/24', '2a0e:5f9a:be::/64');
    expect(await open(ATTACKER, 0)).toEqual([false, false]);
    await line.run('apply');
    expect(await open(ATTACKER, 0)).toEqual([true, true]);
    // A connection that was open all the time stood still, and goes on.
    expect(await held.end()).toBe('held');

    await line.run('add', '5.149.104/22', '--apply');
    expect(await open(NEIGHBOUR, 0)).toEqual([false, true]);
    await line.run('allow', NEIGHBOUR[0], '--apply');
    expect(await open(NEIGHBOUR, 0)).toEqual([true, true]);
    expect(await open(ATTACKER, 0)).toEqual([false, true]);
  });

  it(`neither slip through nor get lost in ${RELOADS} reloads`, async () => {
    const [host] = network.hosts;
    if (host === undefined) throw new Error('no host');
    await network.serve(host);
    on(0);
    await line.run('grok', '--no-apply', '--year', '2026', LOG);
    await line.run('apply');
    host.count([...ATTACKER, ...NEIGHBOUR]);
    const flood = await network.flood(host, [...ATTACKER, ...NEIGHBOUR]);
    const held = await network.hold(NEIGHBOUR[0], host.address4);

    for (let reload = 0; reload < RELOADS; reload++) {
      if (reload % 2 === 0) {
        // The rules around them change: halves, wholes, other lengths, and a set that is new.
        const other = `7.${reload}.0.0/${16 + (reload % 16)}`;
        const turn = reload % 4 === 0 ? ['expire', '5.149.105/24'] : ['add', '5.149.105/24'];
        await line.run(...turn);
        expect(await line.run('add', other, '--apply')).toMatchObject({ exitCode: 0 });
      } else {
        const before = reload - 1;
        const other = `7.${before}.0.0/${16 + (before % 16)}`;
        expect(await line.run('expire', other, '--apply')).toMatchObject({ exitCode: 0 });
      }
    }

    expect(await held.end()).toBe('held');
    await flood.end();
    for (const source of ATTACKER) {
      expect(host.counted('arrived', source)).toBeGreaterThan(RELOADS);
      expect(host.counted('through', source)).toBe(0);
    }
    for (const source of NEIGHBOUR) {
      expect(host.counted('arrived', source)).toBeGreaterThan(RELOADS);
      expect(host.counted('through', source)).toBe(host.counted('arrived', source));
    }
  });
});
