import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/cli/config/config.ts';
import { policiesOf, rulesForLogs } from '../../../src/cli/policy/policy-rules.ts';
import { Host } from '../../../src/engine/host/host.ts';
import { parseAddress } from '../../../src/net/address-text.ts';
import { kindOf } from '../../reference/kinds.ts';
import { CommandLine } from '../../support/command-line.ts';
import { offenceOf } from '../../support/offence.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

async function configured(...rules: readonly string[]) {
  const file = line.path('mcblock.toml');
  const tables = rules.map((text, index) => `[[rule]]\nname = "rule ${index}"\n${text}\n`);
  writeFileSync(file, tables.join('\n'));
  const config = await loadConfig(file, {});
  const read = rulesForLogs(config, [], true, new Host());
  return { read, policies: policiesOf(config, undefined, read) };
}

const ADDRESS = parseAddress('5.149.105.9')!;

/** What connections to a port count, of three points each. */
async function counted(message: string, count: number, ...rules: readonly string[]) {
  const { policies } = await configured(...rules);
  const kind = kindOf('probe', message);
  const points = message === 'tcp' ? 3 * count : 3;
  const offence = offenceOf({ at: 0, address: ADDRESS, points, count, kind });
  const distinct = { mostDistinct: 0, users: 0, services: 0, hosts: 0 };
  const before = { activations: 0, hits: 0 };
  const facts = { origin: 'grok', at: 0, address: ADDRESS, kind, ...distinct, ...before } as const;
  return policies.policyFor(ADDRESS).rules?.counted(offence, facts)?.points;
}

/** The points of a port where it is read; undefined: its own. */
async function readAs(port: number, ...rules: readonly string[]) {
  const { read } = await configured(...rules);
  return read.points.get(read.eventOf({ service: 'probe', message: `tcp/${port}` }));
}

describe('A rule for points', () => {
  const HERE = 'prefixes = ["5.149.105.0/24"]\n';

  it('counts a port once, whether or not it is about events', async () => {
    for (const condition of ['', 'kinds = ["sign"]\n', 'messages = ["probe.tcp/5000"]\n']) {
      const rule = `${HERE}${condition}points = 5`;
      expect([condition, await counted('tcp/5000', 50, rule)]).toEqual([condition, 5]);
    }
  });

  it('counts each connection whose port is not known', async () => {
    for (const condition of ['', 'kinds = ["sign"]\n', 'messages = ["probe.tcp"]\n']) {
      const rule = `${HERE}${condition}points = 5`;
      expect([condition, await counted('tcp', 4, rule)]).toEqual([condition, 20]);
    }
  });

  it('concerns the ports that it names, or all of them', async () => {
    const one = 'messages = ["probe.tcp/5000"]\npoints = 3';
    const all = 'services = ["probe"]\npoints = 7';
    const ports = [23, 5000, 5001, 65_535];
    expect(await Promise.all(ports.map((port) => readAs(port, one, all)))).toEqual([
      7,
      undefined,
      7,
      7,
    ]);
    expect(await Promise.all(ports.map((port) => readAs(port, one)))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const rule = `${HERE}messages = ["probe.tcp/5000"]\npoints = 5`;
    expect(await counted('tcp/5001', 1, rule)).toBe(3);
  });

  it('does not list every port', async () => {
    const { read } = await configured('kinds = ["sign"]\npoints = 5');
    expect(read.points.size).toBeLessThan(1000);
  });
});
