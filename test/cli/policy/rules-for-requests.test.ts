import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { activateEntry } from '../../../src/blocklist/change.ts';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { currentPenalty } from '../../../src/blocklist/penalty.ts';
import { DAY_SECONDS } from '../../../src/blocklist/policy.ts';
import { loadConfig } from '../../../src/cli/config/config.ts';
import { policiesOf } from '../../../src/cli/config/policies.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { CommandLine } from '../../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

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
  const counts = { activations: 0, hits: 0, users: 0, services: 0, hosts: 0 };
  expect(policy.rules?.decided({ ...facts, ...counts }).rule).toBeUndefined();
  const entry = activateEntry(neverActive(prefix, 'grok', ''), 1, 0, undefined, policy, 'root');
  expect(currentPenalty(entry, policy)).toBe(365 * DAY_SECONDS);
});
