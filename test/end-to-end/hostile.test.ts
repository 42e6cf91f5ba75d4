import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { coverageOf } from '../../src/blocklist/coverage.ts';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { coalesce } from '../../src/net/coalesce.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { subtract } from '../../src/net/subtract.ts';
import { fleetMachine } from '../fleet/client/fleet-machine.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { CommandLine, ok } from '../support/command-line.ts';

const START = Date.parse('2026-01-01T00:00:00Z') / 1000;
const HONEST = ['gate1', 'gate2', 'gate3'] as const;
const ROUNDS = 4;
const PER_ROUND = 100;
const FLOOD = 20;
const OFFENCE = {
  type: 'offence',
  at: '2026-01-01T00:00:00Z',
  service: 'sshd',
  message: 'failed-login',
};
const { limits } = DEFAULT_POLICY;

let server: LiveServer;
let folder: CommandLine;
let machines: CommandLine[];
beforeEach(async () => {
  folder = new CommandLine();
  const body = {
    bodyBytes: 1024 ** 2,
    listItems: 10_000,
    connections: 900,
    perSecond: 1_000_000,
  };
  server = new LiveServer(folder.path('fleet.db'), {
    limits: { ...body, reportsPerMinute: 8000 },
  });
  await server.start();
  const { widest4, widest6, longestSeconds: longest } = limits.user;
  for (const name of [...HONEST, 'hostile']) {
    await server.addUser(name, { widest4, widest6, longest });
  }
  await server.addUser('anna', { scopes: ['admin'] });
  machines = [...HONEST, 'anna'].map((name) => fleetMachine(server.url, name));
});
afterEach(async () => {
  await server.stop();
  for (const line of [...machines, folder]) line.remove();
});

function post(...reports: object[]): Promise<number> {
  return postAs('hostile', PASSWORD, ...reports);
}

async function postAs(user: string, password: string, ...reports: object[]): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const { status } = await fetch(`${server.url}/v2/reports`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ reports }),
  });
  return status;
}

/** The offender of this number that machine `m` saw; each in a network of its own. */
const offenderOf = (m: number, n: number) => `45.${m}.${n}.9`;

function log(line: CommandLine, offenders: readonly string[], round: number): string {
  const lines = offenders.flatMap((address) =>
    Array.from(
      { length: 3 },
      (_, second) =>
        `Dec 31 23:00:0${second} host sshd[7]: Failed password for root from ${address} port 4711 ssh2`,
    ),
  );
  const file = line.path(`auth${round}.log`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const offence = (address: string, key: string) => ({ ...OFFENCE, address, key });

/** What an administrator blocks for ever, which nobody else may end. */
async function begin(): Promise<string[]> {
  const anna = machines.at(-1);
  if (anna === undefined) throw new Error('no machines');
  await ok(anna, 'add', '77.1.0.0/16', '--forever', '--share');
  await ok(anna, 'sync');
  return ['77.1.0.0/16'];
}

/** The honest machines see offenders of their own; the networks that they block. */
async function offend(round: number): Promise<string[]> {
  const blocked: string[] = [];
  const numbers = Array.from({ length: PER_ROUND / 2 }, (_, n) => round * (PER_ROUND / 2) + n);
  for (const [m, line] of machines.slice(0, HONEST.length).entries()) {
    const offenders = numbers.map((n) => offenderOf(m, n));
    await ok(line, 'grok', log(line, offenders, round), '--year', '2025');
    await ok(line, 'sync');
    blocked.push(...numbers.map((n) => `45.${m}.${n}.0/24`));
  }
  return blocked;
}

/** The rules, which are the same on all machines once all have synced. */
async function agreed(): Promise<PrefixList> {
  for (const line of machines) await ok(line, 'sync');
  const all = await Promise.all(machines.map((line) => ok(line, 'emit')));
  for (const rules of all) expect(rules).toBe(all[0]);
  return PrefixList.from((all[0] ?? '').trim().split('\n').map(parsePrefix));
}

it('leaves all honest machines with the same rules, none wrong and none missing', {
  timeout: 120_000,
}, async () => {
  const wanted = await begin();
  for (let round = 0; round < ROUNDS; round++) {
    wanted.push(...(await offend(round)));
    const others = [...wanted];
    for (let n = 0; n < PER_ROUND; n += 4) {
      const name = (m: number) => `48.${round}.${n + m}`;
      const three = [0, 1, 2].map((m) => offence(`${name(m)}.9`, `good-${name(m)}`));
      const ended = offence(`${name(3)}.9`, `ended-${name(3)}`);
      expect(await post(...three, ended)).toBe(200);
      expect(await post({ type: 'expire', prefix: `${name(3)}.0/24` })).toBe(200);
      wanted.push(...[0, 1, 2].map((m) => `${name(m)}.0/24`));
      const wide = { type: 'block', prefix: `${49 + n}.0.0.0/8`, until: '2035-01-01T00:00:00Z' };
      const prefix = others[n % others.length];
      const bad = [
        () => postAs('gate1', 'not the password', offence('50.1.1.9', 'forged-1')),
        () => post(ended),
        () => post(wide, { type: 'expire', prefix }, { type: 'withdraw', prefix }),
        () => Promise.all(Array.from({ length: FLOOD }, () => post(ended, wide))),
      ];
      await bad[(n / 4) % bad.length]?.();
    }
  }
  const all = coalesce(PrefixList.from(wanted.map(parsePrefix)));
  expect(Array.from(await agreed(), formatPrefix)).toEqual(Array.from(all, formatPrefix));
});

it('blocks no more than its own share with what it makes up', { timeout: 120_000 }, async () => {
  const wanted = await begin();
  for (let round = 0; round < ROUNDS; round++) {
    wanted.push(...(await offend(round)));
    // Too wide, too long, what others began, and offences that it made up.
    const octets = Array.from({ length: PER_ROUND }, (_, n) => 1 + ((round * PER_ROUND + n) % 220));
    const until = '2035-01-01T00:00:00Z';
    await post(...octets.map((a) => ({ type: 'block', prefix: `${a}.0.0.0/8`, until })));
    await post({ type: 'expire', prefix: '77.1.0.0/16' });
    await post(...wanted.map((prefix) => ({ type: 'expire', prefix })));
    await post(...wanted.map((prefix) => ({ type: 'withdraw', prefix })));
    await post(
      ...octets.map((a) => ({ ...OFFENCE, address: `${a}.2.${round}.9`, prefix: `${a}.0.0.0/9` })),
    );
    // Together more than it may have active.
    const twenties = Array.from({ length: 400 }, (_, n) => ({
      type: 'block',
      prefix: `${100 + round}.${n >> 4}.${(n & 15) << 4}.0/20`,
      until,
    }));
    await post(...twenties);
  }
  // A flood.
  const flood = Array.from({ length: 250 }, (_, n) => ({ ...OFFENCE, address: `99.4.${n}.9` }));
  const statuses = await Promise.all(Array.from({ length: 50 }, () => post(...flood)));
  expect(statuses).toContain(429);
  const held = await agreed();
  const honest = PrefixList.from(wanted.map(parsePrefix));
  expect([...subtract(honest, held)].map(formatPrefix)).toEqual([]);
  // What the hostile member made up is within its budget.
  const [ofAll, ofHonest] = [coverageOf(held), coverageOf(honest)];
  expect(ofAll[4] - ofHonest[4]).toBeGreaterThan(0n);
  expect(ofAll[4] - ofHonest[4]).toBeLessThanOrEqual(BigInt(limits.user.addresses4));
  const { changes } = (await (
    await fetch(`${server.url}/v2/entries?limit=10000`, {
      headers: { authorization: `Basic ${Buffer.from(`gate1:${PASSWORD}`).toString('base64')}` },
    })
  ).json()) as { changes: { activatedBy: string; prefix: string; expiresAt: string }[] };
  for (const { prefix, expiresAt } of changes.filter((one) => one.activatedBy === 'hostile')) {
    expect(parsePrefix(prefix).length).toBeGreaterThanOrEqual(20);
    expect(Date.parse(expiresAt) / 1000).toBeLessThanOrEqual(START + limits.user.longestSeconds);
  }
});
