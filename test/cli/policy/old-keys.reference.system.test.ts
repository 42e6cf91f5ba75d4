import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { type Config, loadConfig } from '../../../src/cli/config/config.ts';
import { policiesOf, rulesForLogs } from '../../../src/cli/policy/policy-rules.ts';
import { loadGeo } from '../../../src/engine/geo.ts';
import { Host } from '../../../src/engine/host/host.ts';
import { recordLog } from '../../../src/engine/judge/record-log.ts';
import type { Policies } from '../../../src/engine/policies.ts';
import { ManualBlocker } from '../../../src/engine/record/manual-blocker.ts';
import type { PointsByMessage } from '../../../src/log/offences/points-table.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore } from '../../../src/store/store.ts';
import { type CountryKeys, policiesByCountry } from '../../reference/country-policies.ts';
import { mmdbOf } from '../../support/mmdb.ts';

const START = Date.UTC(2025, 0, 1) / 1000;
const NOW = Date.UTC(2026, 2, 24) / 1000;
const scanners = await loadScanners('');

/** 5.149.104/22 is of XX; 5.149.108/23 and 2001:db8:1::/48 of YY. */
const COUNTRIES = [
  ['5.149.104.0/22', 'XX'],
  ['5.149.108.0/23', 'YY'],
  ['2001:db8:1::/48', 'YY'],
] as const;

/** The keys of earlier versions, and the rules in their place. */
interface Both extends CountryKeys {
  readonly points: PointsByMessage;
  readonly rules: string;
}

/** A country's own penalty and lengths, as mcblockd has them, and points of messages. */
const BY_COUNTRY: Both = {
  penalties: { XX: 90 * DAY_SECONDS, YY: 7 * DAY_SECONDS },
  lengths4: { XX: 22, YY: 32 },
  lengths6: { YY: 56 },
  points: new Map([
    ['sshd.failed-login', 20],
    ['sshd.invalid-user', 0],
    ['sshd.closed-early', 5],
  ]),
  rules: `
[[rule]]
name = "XX"
countries = ["XX"]
penalty = "90d"
length4 = 22

[[rule]]
name = "YY"
countries = ["YY"]
penalty = "7d"
length4 = 32
length6 = 56

[[rule]]
name = "failed"
messages = ["sshd.failed-login"]
points = 20

[[rule]]
name = "invalid"
messages = ["sshd.invalid-user"]
points = 0

[[rule]]
name = "early"
messages = ["sshd.closed-early"]
points = 5
`,
};

/** A month for the /24 of whoever offends, doubled each time: also where the policy says otherwise. */
const SEED: Both = {
  penalties: { XX: 30 * DAY_SECONDS, YY: 30 * DAY_SECONDS },
  lengths4: { XX: 24, YY: 24 },
  lengths6: { XX: 64, YY: 64 },
  points: new Map(),
  rules: `
[[rule]]
name = "thirty days"
countries = ["XX", "YY"]
penalty = "30d"

[[rule]]
name = "length 24"
countries = ["XX", "YY"]
length4 = 24
length6 = 64
`,
};

interface Step {
  readonly hours: number;
  readonly address: string;
  readonly message: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  hours: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 2000 }) },
  ),
  address: fc.constantFrom(
    '5.149.105.9',
    '5.149.105.9',
    '5.149.105.10',
    '5.149.106.9',
    '5.149.108.9',
    '5.149.108.9',
    '5.149.110.9',
    '2001:db8:1:2::9',
    '2001:db8:1:3::9',
    '2001:db8:2:3::9',
    '64:ff9b::5.149.105.9',
  ),
  message: fc.constantFrom(
    'Failed password for root from A port 4 ssh2',
    'Failed password for root from A port 4 ssh2',
    'Invalid user bob from A port 4',
    'Connection closed by A port 4 [preauth]',
    'Accepted password for root from A port 4 ssh2',
  ),
});

/** Logs of one history, and prefixes blocked by hand before each of them. */
type Logs = readonly { readonly steps: readonly Step[]; readonly byHand: string | undefined }[];

const history: fc.Arbitrary<Logs> = fc.array(
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 30 }),
    byHand: fc.constantFrom(undefined, undefined, '5.149.104.0/21', '5.149.105.9/32'),
  }),
  { minLength: 1, maxLength: 3 },
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
  const networks = COUNTRIES.map(
    ([prefix, country]) => [prefix, { country: { iso_code: country } }] as const,
  );
  writeFileSync(join(folder, 'country.mmdb'), mmdbOf(networks));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function configOf(rules: string): Promise<Config> {
  const file = join(folder, 'mcblock.toml');
  writeFileSync(
    file,
    `timezone = "UTC"\ngeo.country = "${join(folder, 'country.mmdb')}"\nauto.length4 = 28\npenalty.first = "3d"\n${rules}`,
  );
  return await loadConfig(file, {});
}

let nextStore = 0;

/** What is in the store after the history, but for the names of rules. */
async function entriesAfter(
  logs: Logs,
  policies: Policies,
  points: PointsByMessage,
): Promise<object> {
  const store = openStore(join(folder, `${nextStore++}.db`), { mode: 'write' });
  let at = START;
  let pid = 1000;
  try {
    for (const [index, { steps, byHand }] of logs.entries()) {
      if (byHand !== undefined) {
        const blocker = new ManualBlocker(store, policies, { origin: 'manual', now: at });
        store.transaction(() => blocker.block(parsePrefix(byHand)));
      }
      const text = steps.map(({ hours, address, message }) => {
        at += hours * 3600;
        const time = new Date(at * 1000).toISOString().slice(0, 19);
        return `${time}Z gw sshd[${pid++}]: ${message.replace('A', address)}\n`;
      });
      const source = memorySource(`log${index}`, [Buffer.from(text.join(''))], NOW);
      const userKey = Buffer.alloc(8);
      const options = { scanners, zone: 'UTC', points, known: () => [], userKey };
      const summary = await readOffences(source, options);
      recordLog(store, summary, { ...policies, source: 'log' }, NOW);
    }
    return Array.from(store.entries(), (entry) => ({
      entry: { ...entry, rule: undefined },
      history: store.history(entry.prefix).map(({ rule: __, evidence, ...activation }) => ({
        ...activation,
        evidence: evidence.map(({ rule: ___, ...row }) => row),
      })),
      name: formatPrefix(entry.prefix),
    }));
  } finally {
    store.close();
  }
}

describe('rules do the same as the keys that they replace', () => {
  it.each([
    ["a country's own penalty and lengths, and points of messages", BY_COUNTRY],
    ['a month for the /24, doubled each time', SEED],
  ])('%s', async (_, { rules: text, points, ...keys }) => {
    const config = await configOf(text);
    const geo = await loadGeo({ country: join(folder, 'country.mmdb'), network: '' });
    if (geo === undefined) throw new Error('no database');
    const common = {
      ...DEFAULT_POLICY,
      penalty: { ...DEFAULT_POLICY.penalty, firstSeconds: 3 * DAY_SECONDS },
      auto: { ...DEFAULT_POLICY.auto, length4: 28 },
    };
    const rules = rulesForLogs(config, scanners, true, new Host());
    const ruled = policiesOf(config, geo, rules);
    const before = policiesByCountry(common, keys, geo);
    let activations = 0;
    await fc.assert(
      fc.asyncProperty(history, async (logs) => {
        const old = await entriesAfter(logs, before, points);
        expect(await entriesAfter(logs, ruled, rules.points)).toEqual(old);
        activations += Object.keys(old).length;
      }),
      { numRuns: 40 },
    );
    expect(activations).toBeGreaterThan(20);
  });
});
