import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { PacketStream } from '../../../src/log/pf/packet-stream.ts';
import { readPacketOffences } from '../../../src/log/pf/read-packet-offences.ts';
import { ProbeCollector } from '../../../src/log/probe/probe-collector.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import type { ReadOptions } from '../../../src/log/read-options.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { LAYOUTS, PROBE, pcapFile, pcapPacket } from '../../log/pf/pflog-maker.ts';
import { mmdbOf } from '../../support/mmdb.ts';

const START = Date.UTC(2025, 0, 1) / 1000;
const NOW = Date.UTC(2026, 2, 24) / 1000;
const NAME = 'auth.log';
const DOORMAN = `service doorman  "doorman"

seen  witness = "SYN from " ADDRESS
  > SYN from 192.0.2.7 | address 192.0.2.7
`;
const folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
mkdirSync(join(folder, 'grammar'));
writeFileSync(join(folder, 'grammar', 'doorman.grammar'), DOORMAN);
const scanners = await loadScanners(join(folder, 'grammar'));

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
function ruleOf(conditions: readonly string[], effects: readonly string[]) {
  return fc.tuple(someOf(conditions), someOf(effects)).map((parts) => parts.flat().join('\n'));
}

/** Of different keys. */
function someOf(lines: readonly string[]) {
  return fc.uniqueArray(fc.constantFrom(...lines), {
    minLength: 1,
    maxLength: 3,
    selector: (text) => text.split(' ')[0],
  });
}

const anyRule = ruleOf(CONDITIONS, EFFECTS);

/** Connections to one port in one batch are one offence: rules that count offences may tell it. */
const COUNTING = /^(?:hits|distinct-|activations)/;
const anyRuleOfKinds = ruleOf(
  [
    ...CONDITIONS.filter((text) => !COUNTING.test(text)),
    'services = ["probe"]',
    'services = ["probe", "doorman"]',
    'messages = ["probe.tcp/23", "probe.tcp"]',
  ],
  EFFECTS.filter((text) => text !== 'points = "x0.5"'),
);

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
  ['sshd', 'message repeated 2 times: [ error: PAM: Authentication failure for root from A]'],
  ['sshd', 'Accepted publickey for bob from A port 4 ssh2: ED25519 SHA256:x'],
  ['doorman', 'SYN from A'],
  ['doorman', 'SYN from A'],
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

/** Where steps are seen: in a log, by `mcblock probe`, or by pf. */
type Where = 'log' | 'probe' | 'packet';

interface Seen extends Step {
  readonly where: Where;
}

const PORTS = ['22', '23', '25', '80', '8080', '8081', '0', '0'];

const seen: fc.Arbitrary<Seen> = fc
  .tuple(
    step,
    fc.constantFrom<Where>('log', 'log', 'probe', 'probe', 'packet'),
    fc.constantFrom(...PORTS),
  )
  .map(([one, where, port]) => ({
    ...one,
    where,
    message: where === 'probe' ? port : one.message,
  }));

interface Case {
  readonly rules: readonly string[];
  readonly steps: readonly Step[];
  readonly byHand: readonly string[];
}

const anyByHand = fc.subarray(
  ['5.149.104.0/21', '5.149.105.9/32', '5.149.105.0/24', '2001:db8:1::/48'],
  { maxLength: 2 },
);

const anyCase: fc.Arbitrary<Case> = fc.record({
  rules: fc.array(anyRule, { minLength: 1, maxLength: 5 }),
  steps: fc.array(step, { minLength: 1, maxLength: 40 }),
  byHand: anyByHand,
});

const FAILURE = {
  seconds: 600,
  address: '5.149.105.9',
  host: 'gw',
  program: 'sshd',
  message: 'Failed password for root from A port 4 ssh2',
};

/** Entries were read again while a request was decided, and kept as they were before. */
const ALONE_AT_ONCE = 'services = ["sshd"]\nlength4 = 32\npoints = 30';
const FOUND: [Case, number][] = [
  [
    {
      rules: ['hits = 4\nlength4 = 20\npoints = 30'],
      steps: [FAILURE, FAILURE],
      byHand: ['5.149.105.0/24'],
    },
    0,
  ],
  [
    {
      rules: ['services = ["sshd"]\nforever = true'],
      steps: [FAILURE, FAILURE, FAILURE, FAILURE, { ...FAILURE, seconds: 200_000 }],
      byHand: ['5.149.105.9/32'],
    },
    0,
  ],
  // The second decides the activation anew, by one more rule.
  [
    {
      rules: [ALONE_AT_ONCE, 'services = ["sshd"]\nhits = 1\nignore = false'],
      steps: [FAILURE, { ...FAILURE, seconds: 0 }],
      byHand: [],
    },
    0,
  ],
];

const anySeen = fc.record({
  rules: fc.array(anyRuleOfKinds, { minLength: 1, maxLength: 5 }),
  steps: fc.array(seen, { minLength: 1, maxLength: 60 }),
  byHand: anyByHand,
});

/** Packets, a witness and probes each make an activation. */
const OF_EACH: { rules: string[]; steps: Seen[]; byHand: string[] } = {
  rules: ['services = ["dovecot"]\npoints = 20'],
  steps: [
    { ...FAILURE, where: 'packet' },
    { ...FAILURE, where: 'log', seconds: 6_000_000, program: 'doorman', message: 'SYN from A' },
    ...['22', '23', '25'].map((message) => ({
      ...FAILURE,
      where: 'probe' as const,
      address: '5.149.108.9',
      message,
    })),
  ],
  byHand: ['5.149.105.0/24'],
};

/** The second is decided anew, as a rule blocks the address alone for the first. */
const ALONE: typeof OF_EACH = {
  rules: [ALONE_AT_ONCE, 'services = ["sshd"]\npoints = 30'],
  steps: [
    { ...FAILURE, where: 'log', seconds: 0, address: '64:ff9b::5.149.105.9' },
    { ...FAILURE, where: 'log', seconds: 0, address: '64:ff9b::5.149.105.9' },
  ],
  byHand: [],
};

/** The first probe brings back the network, and does not hit it once more when the second comes. */
const BROUGHT_BACK: typeof OF_EACH = {
  rules: ['services = ["sshd"]\npoints = 30'],
  steps: [
    { ...FAILURE, where: 'probe', message: '22' },
    { ...FAILURE, where: 'log', seconds: 200_000, address: '5.149.108.9' },
    { ...FAILURE, where: 'probe', message: '22' },
  ],
  byHand: ['5.149.105.0/24'],
};

/** The probe is over when the packet brings back the network. */
const OVER: typeof OF_EACH = {
  rules: ['services = ["sshd"]\npoints = 30'],
  steps: [
    { ...FAILURE, where: 'probe', message: '0' },
    { ...FAILURE, where: 'log', seconds: 200_000, address: '5.149.108.9' },
    { ...FAILURE, where: 'packet' },
    { ...FAILURE, where: 'log' },
  ],
  byHand: ['5.149.105.0/24'],
};

beforeAll(() => {
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

function lineOf({ address, host, program, message }: Step, at: number, index: number): string {
  const time = new Date(at * 1000).toISOString().slice(0, 19);
  return `${time}Z ${host} ${program}[${1000 + index}]: ${message.replace('A', address)}\n`;
}

/** What was seen one after the other in the same place. */
interface Run {
  readonly where: Where;
  readonly seen: { readonly at: number; readonly bytes: Buffer }[];
}

function runsOf(steps: readonly Seen[]): Run[] {
  const runs: Run[] = [];
  let at = START;
  for (const [index, one] of steps.entries()) {
    at += one.seconds;
    if (runs.at(-1)?.where !== one.where) runs.push({ where: one.where, seen: [] });
    runs.at(-1)?.seen.push({ at, bytes: bytesOf(one, at, index) });
  }
  return runs;
}

function bytesOf(one: Seen, at: number, index: number): Buffer {
  const { where, address, message } = one;
  if (where === 'log') return Buffer.from(lineOf(one, at, index));
  if (where === 'probe') return Buffer.from(`${address} 4711 ${message}\n`);
  const destination = address.includes(':') ? '2001:db8::1' : '203.0.113.1';
  const plan = { ...PROBE, seconds: at, source: address, destination };
  return pcapPacket('little', LAYOUTS.freebsd, plan);
}

const EXTERNAL = new Set(['em0']);
const NO_WAY = (): never[] => [];

/** Each run is a file, or a batch for each second. */
async function inRuns(store: Store, setting: Setting, runs: readonly Run[]): Promise<void> {
  for (const { where, seen: all } of runs) {
    const bytes = all.map((one) => one.bytes);
    if (where === 'log') await grok(store, setting, [Buffer.concat(bytes).toString()]);
    else if (where === 'packet') {
      const source = memorySource('pflog', [pcapFile('little', bytes)], NOW);
      const options = { ...optionsIn(store, setting), known: NO_WAY };
      const summary = await readPacketOffences(source, options, EXTERNAL);
      recordLog(store, summary, { ...setting.policies, source: 'pf' }, NOW);
    } else {
      for (const at of new Set(all.map((one) => one.at))) {
        const same = all.filter((one) => one.at === at);
        recordProbes(store, setting, at, Buffer.concat(same.map((one) => one.bytes)));
      }
    }
  }
}

function recordProbes(store: Store, { rules, policies }: Setting, at: number, bytes: Buffer) {
  const collector = new ProbeCollector((kind) => rules.points.get(rules.eventOf(kind)));
  collector.push(bytes);
  const batch = { name: 'probe', ...collector.take(at) };
  new BatchRecorder(store).recordLines(batch, policies, NOW, 'log', () => {});
}

/** Each line, connection and packet is recorded as it comes. */
function live(store: Store, setting: Setting, runs: readonly Run[]): void {
  const lines = new FollowedLines(optionsIn(store, setting), undefined, NAME, 0);
  const packets = new PacketStream('pflog', EXTERNAL, 'UTC', 0);
  packets.push(pcapFile('little', []));
  const recorder = new BatchRecorder(store);
  for (const { where, seen: all } of runs) {
    for (const { at, bytes } of all) {
      if (where === 'probe') {
        recordProbes(store, setting, at, bytes);
        continue;
      }
      const [collector, source] =
        where === 'log' ? ([lines, 'log'] as const) : ([packets, 'pf'] as const);
      collector.push(bytes);
      const batch = { name: NAME, ...collector.take(NOW) };
      recorder.recordLines(batch, setting.policies, NOW, source, () => {});
    }
  }
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
      const texts = steps.map((one, index) => {
        at += one.seconds;
        return lineOf(one, at, index);
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
    { numRuns: 40, examples: FOUND },
  );
  expect(activations).toBeGreaterThan(10);
  expect(named).toBeGreaterThan(0);
});

it.each([0, 1, 600])(
  'an offence counts once for an address that is blocked alone: %d s apart',
  async (gap) => {
    const setting = await settingOf([ALONE_AT_ONCE]);
    const texts = [0, 1, 2].map((index) => lineOf(FAILURE, START + index * gap, index));
    const [found] = await after(setting, [], (store) => watch(store, setting, texts));
    const evidence = found?.history.flatMap((one) => one.evidence.map((row) => JSON.parse(row)));
    expect([found?.name, found?.entry.hits]).toEqual(['5.149.105.9/32', 3]);
    expect(evidence).toMatchObject([{ count: 3 }]);
  },
);

it('lines, probes and packets decide the same, at once or as they come', async () => {
  const found = { all: 0, probes: 0, packets: 0, witnesses: 0 };
  await fc.assert(
    fc.asyncProperty(anySeen, async ({ rules, steps, byHand: given }) => {
      const setting = await settingOf(rules);
      const runs = runsOf(steps);
      const whole = await after(setting, given, (store) => inRuns(store, setting, runs));
      const alone = await after(setting, given, (store) => live(store, setting, runs));
      const trace = setting.text;
      expect({ trace, found: alone }).toEqual({ trace, found: whole });
      const text = JSON.stringify(whole).replaceAll('\\', '');
      found.all += whole.length;
      found.probes += Number(text.includes('"service":"probe"'));
      found.packets += Number(text.includes('"service":"pf"'));
      found.witnesses += Number(text.includes('"service":"doorman"'));
    }),
    { numRuns: 25, examples: [[OF_EACH], [ALONE], [BROUGHT_BACK], [OVER]] },
  );
  expect(found.all).toBeGreaterThan(10);
  expect(Math.min(found.probes, found.packets, found.witnesses)).toBeGreaterThan(0);
});
