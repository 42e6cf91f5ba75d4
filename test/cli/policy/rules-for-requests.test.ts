import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { activateEntry } from '../../../src/blocklist/change.ts';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { currentPenalty } from '../../../src/blocklist/penalty.ts';
import { DAY_SECONDS } from '../../../src/blocklist/policy.ts';
import { loadConfig } from '../../../src/cli/config/config.ts';
import { policiesOf } from '../../../src/cli/policy/policy-rules.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { CommandLine } from '../../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

it('Where no event is known, rules are checked too', async () => {
  const file = line.path('mcblock.toml');
  const refused = async (rules: string) => {
    writeFileSync(file, rules);
    const config = await loadConfig(file, {});
    return expect(() => policiesOf(config, undefined));
  };
  const root = '[[rule]]\nname = "root"\nusers = ["root"]\n';
  (await refused(`${root}penalty = "1d"\nforever = true\n`)).toThrow(
    `${file}:1: rule root: blocks forever: its penalty never applies`,
  );
  const again = root.replace('"root"', '"again"');
  (await refused(`${root}points = 9\n${again}points = 5\n`)).toThrow('before it always applies');
  const bob = again.replace('["root"]', '["bob"]');
  (await refused(`${root}points = 9\n${bob}points = 5\n`)).not.toThrow();
  const kinds = '[[rule]]\nname = "KIND"\nkinds = ["KIND"]\npoints = 5\n';
  const all = ['attempt', 'sign'].map((kind) => kinds.replaceAll('KIND', kind));
  (await refused(all.join(''))).not.toThrow();
});

it('Where no event is known, a rule about events does not fit, but an entry keeps its penalty', async () => {
  const file = line.path('mcblock.toml');
  writeFileSync(
    file,
    '[[rule]]\nname = "root"\nusers = ["root"]\nwindow = "7d"\npenalty = "365d"\n',
  );
  const policies = policiesOf(await loadConfig(file, {}), undefined);
  expect(policies.windowSeconds).toBe(7 * DAY_SECONDS);
  const prefix = parsePrefix('5.149.104.0/24');
  const policy = policies.policyFor(prefix);
  const facts = { origin: 'manual', at: 0, address: prefix, kind: undefined } as const;
  const counts = { activations: 0, hits: 0 };
  const distinct = { mostDistinct: 0, users: 0, services: 0, hosts: 0 };
  expect(
    policy.rules?.decided({ ...facts, ...counts, ...distinct }, ['penalty']).rule,
  ).toBeUndefined();
  const entry = activateEntry(neverActive(prefix, 'grok', ''), 1, 0, undefined, policy, 'root');
  expect(currentPenalty(entry, policy)).toBe(365 * DAY_SECONDS);
});
