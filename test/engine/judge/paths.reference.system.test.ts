import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bogonEntries } from '../../../src/blocklist/bogons.ts';
import type { PastActivation } from '../../../src/blocklist/fold.ts';
import { loadConfig } from '../../../src/cli/config/config.ts';
import {
  type ConfiguredRules,
  policiesOf,
  rulesForLogs,
  usersIn,
} from '../../../src/cli/policy/policy-rules.ts';
import { loadGeo } from '../../../src/engine/geo.ts';
import { Host } from '../../../src/engine/host/host.ts';
import { recordLog } from '../../../src/engine/judge/record-log.ts';
import type { Policies } from '../../../src/engine/policies.ts';
import { ManualBlocker } from '../../../src/engine/record/manual-blocker.ts';
import { rehearse } from '../../../src/engine/rehearse/rehearse.ts';
import { BatchRecorder } from '../../../src/engine/watch/batch-recorder.ts';
import { McblockError } from '../../../src/errors.ts';
import { FollowedLines } from '../../../src/log/follow/follow-lines.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import type { ReadOptions } from '../../../src/log/read-options.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { mmdbOf } from '../../support/mmdb.ts';

const START = Date.UTC(2025, 0, 1) / 1000;
const NOW = Date.UTC(2026, 2, 24) / 1000;
const NAME = 'auth.log';
const scanners = await loadScanners('');

const CONDITIONS = [
  'services = ["sshd"]',
  'services = ["dovecot", "sshd"]',
  'services = ["asterisk"]',
  'messages = ["sshd.failed-login"]',
  'messages = ["sshd.invalid-user", "sshd.closed-early"]',
  'kinds = ["sign"]',
  'users = ["root"]',
  'users = ["*o*"]',
  'users = "unknown"\nknown-users = ["bob"]',
  'hosts = ["gw"]',
  'hours = "22:00-06:00"',
  'hours = "05:00-15:00"',
  'countries = ["XX"]',
  'countries = ["YY"]',
  'prefixes = ["5.149.105.9"]',
  'prefixes = ["5.149.104.0/23", "2001:db8:1:2::/64"]',
  'prefixes = ["5.149.105.0/26"]',
  'origins = ["grok"]',
  'origins = ["manual"]',
  'activations = 1',
  'activations = 2',
  'hits = 1',
  'hits = 4',
  'distinct-users = 2',
  'distinct-users = 3',
  'distinct-services = 2',
  'distinct-hosts = 2',
];
const EFFECTS = [
  'points = 30',
  'points = 4',
  'points = 0',
  'points = "x0.5"',
  'points = "x2"',
  'window = "7d"',
  'window = "3h"',
  'penalty = "2d"',
  'penalty = "x2"',
  'forever = true',
  'length4 = 20',
  'length4 = 32',
  'length4 = 26',
  'length6 = 56',
  'ignore = true',
  'ignore = false',
  'notify = true',
];

/** The lines of a rule but for its name. */
const anyRule = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...CONDITIONS), {
      minLength: 1,
      maxLength: 3,
      selector: (text) => text.split(' ')[0],
    }),
    fc.uniqueArray(fc.constantFrom(...EFFECTS), {
      minLength: 1,
      maxLength: 3,
      selector: (text) => text.split(' ')[0],
    }),
  )
  .map((parts) => parts.flat().join('\n'));

interface Step {
  readonly seconds: number;
  readonly address: string;
  readonly host: string;
  readonly program: string;
  readonly message: string;
}

const USERS = ['root', 'bob', 'eve', 'zoe'];
const MESSAGES = [
  ...USERS.flatMap((user) => [
    ['sshd', `Failed password for ${user} from A port 4 ssh2`],
    ['sshd', `Failed password for ${user} from A port 4 ssh2`],
    ['sshd', `Invalid user ${user} from A port 4`],
    [
      'dovecot',
      `imap-login: Disconnected (auth failed, 1 attempts): user=<${user}>, method=PLAIN, rip=A, lip=198.51.100.1`,
    ],
  ]),
  ['sshd', 'Connection closed by A port 4 [preauth]'],
  // Counts nothing, unless a rule gives it points.
  [
    'asterisk',
    "NOTICE[123]: chan_sip.c: Registration from '<sip:eve@h.example>' failed for 'A' - Wrong password",
  ],
  ['sshd', 'message repeated 3 times: [ Failed password for root from A port 4 ssh2]'],
] as const;

const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 5, arbitrary: fc.integer({ min: 600, max: 50_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 6_000_000 }) },
    ),
    fc.constantFrom(
      '5.149.105.9',
      '5.149.105.9',
      '5.149.105.10',
      '5.149.105.99',
      '5.149.106.9',
      '5.149.108.9',
      '5.149.120.9',
      '2001:db8:1:2::9',
      '2001:db8:1:3::9',
      '64:ff9b::5.149.105.9',
    ),
    fc.constantFrom('gw', 'gw', 'mail'),
    fc.constantFrom(...MESSAGES),
  )
  .map(([seconds, address, host, [program = '', message = '']]) => ({
    seconds,
    address,
    host,
    program,
    message,
  }));

interface Case {
  readonly rules: readonly string[];
  readonly steps: readonly Step[];
  readonly byHand: readonly string[];
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  rules: fc.array(anyRule, { minLength: 1, maxLength: 5 }),
  steps: fc.array(step, { minLength: 1, maxLength: 40 }),
  byHand: fc.subarray(['5.149.104.0/21', '5.149.105.9/32', '5.149.105.0/24', '2001:db8:1::/48'], {
    maxLength: 2,
  }),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
  const networks = [
    ['5.149.104.0/22', 'XX'],
    ['5.149.108.0/23', 'YY'],
    ['2001:db8:1::/48', 'YY'],
  ].map(([prefix = '', country]) => [prefix, { country: { iso_code: country } }] as const);
  writeFileSync(join(folder, 'country.mmdb'), mmdbOf(networks));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Setting {
  readonly rules: ConfiguredRules;
  readonly policies: Policies;
  /** The rules, as far as they are accepted. */
  readonly text: string;
}

async function settingOf(all: readonly string[]): Promise<Setting> {
  const file = join(folder, 'mcblock.toml');
  const head = `timezone = "UTC"\ngeo.country = "${join(folder, 'country.mmdb')}"\npenalty.first = "3d"\n`;
  const geo = await loadGeo({ country: join(folder, 'country.mmdb'), network: '' });
  let text = head;
  let setting: Setting | undefined;
  for (const [index, own] of [...all, ''].entries()) {
    const more = own === '' ? text : `${text}[[rule]]\nname = "r${index}"\n${own}\n`;
    writeFileSync(file, more);
    try {
      const config = await loadConfig(file, {});
      const rules = rulesForLogs(config, scanners, true, new Host());
      setting = { rules, policies: policiesOf(config, geo, rules), text: more };
      text = more;
    } catch (error) {
      if (!(error instanceof McblockError)) throw error;
    }
  }
  if (setting === undefined) throw new Error('no rules');
  return setting;
}

let nextStore = 0;

function newStore({ policies }: Setting, byHand: readonly string[]): Store {
  const store = openStore(join(folder, `${nextStore++}.db`), { mode: 'write', seed: bogonEntries });
  for (const prefix of byHand) {
    const blocker = new ManualBlocker(store, policies, { origin: 'manual', now: START - 9e6 });
    store.transaction(() => blocker.block(parsePrefix(prefix)));
  }
  return store;
}

function optionsIn(store: Store, { rules }: Setting): ReadOptions {
  return { scanners, zone: 'UTC', points: rules.points, ...usersIn(store, rules) };
}

async function grok(store: Store, setting: Setting, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const source = memorySource(NAME, [Buffer.from(text)], NOW);
    const options = { ...optionsIn(store, setting), known: () => [] };
    const summary = await readOffences(source, options);
    recordLog(store, summary, { ...setting.policies, source: 'log' }, NOW);
  }
}

function watch(store: Store, setting: Setting, texts: readonly string[]): void {
  const lines = new FollowedLines(optionsIn(store, setting), undefined, NAME, 0);
  const recorder = new BatchRecorder(store);
  for (const text of texts) {
    lines.push(Buffer.from(text));
    const batch = { name: NAME, ...lines.take(NOW) };
    recorder.recordLines(batch, setting.policies, NOW, 'log', () => {});
  }
}

function rowOf(name: string, hits: number, all: readonly PastActivation[]): string {
  const history = all.map(({ number, at, until, rule }) => [number, at, until, rule]);
  return JSON.stringify([name, hits, ...history]);
}

/** All that is stored of entries. */
function stored(store: Store) {
  return Array.from(store.entries(), (entry) => ({
    entry,
    name: formatPrefix(entry.prefix),
    history: store.history(entry.prefix).map(({ evidence, ...activation }) => ({
      ...activation,
      evidence: evidence.map((row) => JSON.stringify(row)).toSorted(),
    })),
  })).filter(({ entry }) => entry.activations > 0);
}

async function after(
  setting: Setting,
  byHand: readonly string[],
  run: (store: Store) => unknown,
): Promise<ReturnType<typeof stored>> {
  const store = newStore(setting, byHand);
  try {
    await run(store);
    return stored(store);
  } finally {
    store.close();
  }
}

it('lines decide the same, however they are read', async () => {
  let activations = 0;
  let named = 0;
  await fc.assert(
    fc.asyncProperty(anyCase, fc.nat(), async ({ rules, steps, byHand }, cut) => {
      const setting = await settingOf(rules);
      let at = START;
      const texts = steps.map(({ seconds, address, host, program, message }, index) => {
        at += seconds;
        const time = new Date(at * 1000).toISOString().slice(0, 19);
        return `${time}Z ${host} ${program}[${1000 + index}]: ${message.replace('A', address)}\n`;
      });
      const first = cut % texts.length;
      const halves = [texts.slice(0, first), texts.slice(first)].map((part) => part.join(''));
      const whole = await after(setting, byHand, (store) => grok(store, setting, [texts.join('')]));
      const inHalves = await after(setting, byHand, (store) =>
        grok(
          store,
          setting,
          halves.filter((text) => text !== ''),
        ),
      );
      const watched = await after(setting, byHand, (store) => watch(store, setting, texts));
      const trace = setting.text;
      expect({ trace, found: inHalves }, 'in halves').toEqual({ trace, found: whole });
      expect({ trace, found: watched }, 'watched').toEqual({ trace, found: whole });
      activations += whole.length;
      const found = JSON.stringify(whole).replaceAll('\\', '');
      named += Number(found.includes('"rule":"r'));
      if (byHand.length > 0) return;
      const { entries } = await rehearse(
        [NAME],
        {
          name: 'x',
          policies: setting.policies,
          read: async (_, store) =>
            readOffences(memorySource(NAME, [Buffer.from(texts.join(''))], NOW), {
              ...optionsIn(store, setting),
              known: () => [],
            }),
        },
        [],
        NOW,
      );
      const rehearsed = entries.map(({ prefix, hits, activations: all }) =>
        rowOf(formatPrefix(prefix), hits, all),
      );
      const recorded = whole.map(({ name, entry, history }) => rowOf(name, entry.hits, history));
      expect({ trace, found: rehearsed.toSorted() }, 'rehearsed').toEqual({
        trace,
        found: recorded.toSorted(),
      });
    }),
    { numRuns: 40 },
  );
  expect(activations).toBeGreaterThan(10);
  expect(named).toBeGreaterThan(0);
});
