import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { activateEntry, hitEntry } from '../../../src/blocklist/change.ts';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { expireEntry } from '../../../src/blocklist/expire.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { storeBans } from '../../../src/engine/listen/store-bans.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { ruledPolicies } from '../../../src/engine/ruled-policies.ts';
import { rulesAt } from '../../../src/engine/rules-at.ts';
import type { BlockRequest } from '../../../src/fleet/pubsub/block-queue.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';
import { loginOf } from '../../support/login.ts';
import { plainEvidence } from '../../support/offence.ts';
import { PLAIN_CONTEXT } from '../../support/rule-context.ts';

const NOW = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;
const MAX_AGE = 300;
const NET = parsePrefix('192.0.2.0/24');
let lastNumber = 0;

describe('storeBans', () => {
  let line: CommandLine;
  let store: Store;
  beforeEach(() => {
    line = new CommandLine();
    store = openStore(line.db, { mode: 'write' });
  });
  afterEach(() => {
    store.close();
    line.remove();
  });

  const ask = (...requests: BlockRequest[]) =>
    storeBans(store, requests, onePolicy(DEFAULT_POLICY), NOW, MAX_AGE);
  const hits = (prefix: string) => store.get(parsePrefix(prefix))?.hits;

  it('blocks a plain address by the policy of this machine, and a signed prefix until the given time', () => {
    expect(ask(plain('192.0.2.7'), signed('198.51.100.0/24', '198.51.100.9'))).toEqual([
      { outcome: 'new', prefix: parsePrefix('192.0.2.7'), expiresAt: NOW + 30 * DAY },
      { outcome: 'new', prefix: parsePrefix('198.51.100.0/24'), expiresAt: NOW + 7 * DAY },
    ]);
    const [activation] = store.history(parsePrefix('198.51.100.0/24'));
    expect(activation).toMatchObject({ origin: 'fleet', by: 'a.example.net', note: 'why' });
    expect(store.get(parsePrefix('198.51.100.0/24'))).toMatchObject({ hits: 3, note: 'why' });
    expect(activation?.evidence).toMatchObject([
      { service: 'sshd', count: 3, host: 'a.example.net' },
    ]);
  });

  it('waits for the disk unless a server sends all of it again', () => {
    const unsynced = vi.spyOn(store.fleetState, 'applying');
    const askBeside = (...requests: BlockRequest[]) =>
      storeBans(store, requests, onePolicy(DEFAULT_POLICY), NOW, MAX_AGE, true);
    const ban = signed('198.51.100.0/24', '198.51.100.9');
    expect(askBeside(plain('192.0.2.7'), ban)).toMatchObject([
      { outcome: 'new' },
      { outcome: 'new' },
    ]);
    expect(unsynced).not.toHaveBeenCalled();
    expect(askBeside(signed('203.0.113.0/24', '203.0.113.9'))).toMatchObject([{ outcome: 'new' }]);
    expect(unsynced).toHaveBeenCalledOnce();
    expect([hits('192.0.2.7/32'), hits('203.0.113.0/24')]).toEqual([1, 3]);
  });

  it('ignores the expiry of an unsigned ban', () => {
    const [result] = ask({ ...signed('198.51.100.0/24', '198.51.100.9'), isSigned: false });
    expect(result?.expiresAt).toBe(NOW + 30 * DAY);
    expect(hits('198.51.100.0/24')).toBe(3);
  });

  it('counts a ban once if both of its forms arrive', () => {
    ask(plain('192.0.2.7'));
    const message = { ...signed('192.0.2.7', '192.0.2.7'), isSigned: false, isDuplicate: true };
    expect(ask(message)).toMatchObject([{ outcome: 'covered' }]);
    expect(hits('192.0.2.7')).toBe(1);
  });

  it('refuses protected offenders and prefixes', () => {
    store.allow(parsePrefix('198.51.100.128/25'), '', NOW);
    store.recordLogins([loginOf(parsePrefix('203.0.113.5'), NOW - DAY)]);
    const outcomes = ask(
      plain('198.51.100.200'),
      plain('203.0.113.5'),
      plain('127.0.0.1'),
      plain('10.1.2.3'),
      plain('::1'),
      { ...plain('10.0.0.0'), prefix: parsePrefix('10.0.0.0/24'), address: undefined },
      signed('198.51.100.192/26', undefined),
      signed('198.51.100.128/25', '198.51.100.200'),
    ).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(Array.from({ length: 8 }, () => 'protected'));
    expect([...store.entries()]).toEqual([]);
  });

  it('records a prefix whole where other addresses in it are protected', () => {
    store.allow(parsePrefix('198.51.100.128/25'), '', NOW);
    store.recordLogins([loginOf(parsePrefix('203.0.113.5'), NOW - DAY)]);
    expect(
      ask(signed('198.51.100.0/24', '198.51.100.9'), signed('203.0.113.0/24', undefined)),
    ).toMatchObject([
      { outcome: 'new', prefix: parsePrefix('198.51.100.0/24') },
      { outcome: 'new', prefix: parsePrefix('203.0.113.0/24') },
    ]);
    const rules = Array.from(rulesAt(store, DEFAULT_POLICY, NOW), formatPrefix);
    expect(rules.slice(0, 3)).toEqual(['198.51.100.0/25', '203.0.113.0/30', '203.0.113.4/32']);
  });

  it('believes a message once, in the same transaction and in later ones', () => {
    const message = signed('198.51.100.0/24', undefined);
    expect(ask(message, message).map(({ outcome }) => outcome)).toEqual(['new', 'replayed']);
    const entry = store.get(message.prefix);
    if (entry === undefined) throw new Error('no entry');
    store.record({ entry: expireEntry(entry, NOW), ended: { activation: 1, at: NOW } });
    expect(ask(message)).toMatchObject([{ outcome: 'replayed' }]);
    expect(store.get(parsePrefix('198.51.100.0/24'))).toMatchObject({ activations: 1 });
    // One that was not stored is not remembered.
    const late = signed('203.0.113.0/24', undefined);
    const broken = { ...plain('192.0.2.9'), prefix: undefined } as unknown as BlockRequest;
    expect(() => ask(late, broken)).toThrow();
    expect(ask(late)).toMatchObject([{ outcome: 'new' }]);
  });

  it('blocks what is wider than the automatic length once two senders ask for it', () => {
    const limits = { ...DEFAULT_POLICY.limits, quorum: 2 };
    const policy = { ...DEFAULT_POLICY, limits };
    const outcomes = (...requests: BlockRequest[]) =>
      storeBans(store, requests, onePolicy(policy), NOW, MAX_AGE).map(
        ({ outcome, prefix }) => `${outcome} ${formatPrefix(prefix)}`,
      );
    expect(
      outcomes(
        from('a', '203.0.112.0/20'),
        from('a', '203.0.112.0/20'),
        from('a', '198.51.100.0/22', '198.51.101.9'),
        from('a', '192.0.2.0/24'),
        from('b', '203.0.112.0/22'),
        from('b', '198.51.100.0/22', '198.51.100.9'),
      ),
    ).toEqual([
      'held 203.0.112.0/20',
      'held 203.0.112.0/20',
      'new 198.51.101.0/24',
      'new 192.0.2.0/24',
      'new 203.0.112.0/22',
      'new 198.51.100.0/22',
    ]);
    expect(store.fleetState.claims.waiting(NOW)).toBe(1);
    expect(store.fleetState.claims.waiting(NOW + 7 * DAY)).toBe(0);
  });

  it('blocks no longer than one user may, and no more than that', () => {
    const far = signed('198.51.100.0/24', '198.51.100.9');
    const { message } = far;
    if (message === undefined) throw new Error('no message');
    const ban = { ...message.ban, expiresAt: 'forever' as const };
    expect(ask({ ...far, message: { ...message, ban } })).toMatchObject([
      { outcome: 'new', expiresAt: NOW + 365 * DAY },
    ]);
    const { limits } = DEFAULT_POLICY;
    const user = { ...limits.user, addresses4: 768 };
    const policy = { ...DEFAULT_POLICY, limits: { ...limits, user } };
    const numbers = (...all: number[]) => all.map((n) => signed(`203.0.${n}.0/24`, `203.0.${n}.9`));
    const outcomes = (requests: readonly BlockRequest[], at: number) =>
      storeBans(store, requests, onePolicy(policy), at, 300).map(({ outcome }) => outcome);
    expect(outcomes(numbers(1, 2, 3), NOW)).toEqual(['new', 'new', 'too much']);
    // Who is not known is charged as the channel.
    expect(outcomes([plain('203.0.4.9')], NOW)).toEqual(['new']);
    expect(store.history(parsePrefix('203.0.4.9'))).toMatchObject([{ by: 'channel block' }]);
    store.transaction(() => {
      const entry = store.get(parsePrefix('203.0.1.0/24'));
      if (entry !== undefined) store.record({ entry: expireEntry(entry, NOW + 1) });
    });
    // It is counted again after a minute.
    expect(outcomes(numbers(3), NOW + 59)).toEqual(['too much']);
    expect(outcomes(numbers(3), NOW + 60)).toEqual(['new']);
  });

  it('extends what a rule decided by the penalty that it had', () => {
    const policies = ruledPolicies(
      DEFAULT_POLICY,
      [
        {
          name: 'names',
          conditions: { distinctUsers: 3 },
          effects: { penalty: { set: 90 * DAY } },
        },
      ],
      PLAIN_CONTEXT,
      undefined,
    );
    const prefix = parsePrefix('192.0.2.0/24');
    const policy = policies.policyFor(prefix);
    const begun = activateEntry(
      neverActive(prefix, 'grok', ''),
      3,
      NOW - 2 * DAY,
      NOW + 88 * DAY,
      policy,
      'names',
    );
    const hit = hitEntry(hitEntry(begun, 1, NOW - 2 * DAY, policy), 1, NOW - DAY, policy);
    store.record({ entry: hit, activations: [hit] });
    expect(storeBans(store, [plain('192.0.2.7')], policies, NOW, MAX_AGE)).toMatchObject([
      { outcome: 'extended', prefix, expiresAt: NOW + 90 * DAY },
    ]);
  });

  it('heeds the penalty of a rule for a plain address, and of a prefix with an end that it be told', () => {
    const policies = ruledPolicies(
      DEFAULT_POLICY,
      [
        { name: 'mine', conditions: { origins: ['grok', 'fleet'] }, effects: { ignore: true } },
        { name: 'tell', conditions: { origins: ['fleet'] }, effects: { notify: true } },
        { name: 'net', conditions: { prefixes: [NET] }, effects: { penalty: { set: 90 * DAY } } },
      ],
      PLAIN_CONTEXT,
      undefined,
    );
    const requests = [
      plain('192.0.2.7'),
      plain('203.0.113.7'),
      signed('198.51.100.0/24', '198.51.100.9'),
    ];
    expect(
      storeBans(store, requests, policies, NOW, MAX_AGE).map(({ expiresAt }) => expiresAt),
    ).toEqual([NOW + 90 * DAY, NOW + 30 * DAY, NOW + 7 * DAY]);
    expect(requests.map(({ prefix }) => store.get(prefix)?.rule)).toEqual([
      'tell, net',
      'tell',
      'tell (notify)',
    ]);
  });

  it('stores all requests or none', () => {
    const broken = { ...plain('192.0.2.9'), prefix: undefined } as unknown as BlockRequest;
    expect(() => ask(plain('192.0.2.7'), broken)).toThrow();
    expect([...store.entries()]).toEqual([]);
  });
});

function plain(text: string): BlockRequest {
  const prefix = parsePrefix(text);
  return {
    prefix,
    address: prefix,
    message: undefined,
    isSigned: false,
    channel: 'block',
    isDuplicate: false,
  };
}

function signed(text: string, offender: string | undefined): BlockRequest {
  const prefix = parsePrefix(text);
  const address = offender === undefined ? undefined : parsePrefix(offender);
  const ban = {
    prefix,
    address,
    expiresAt: NOW + 7 * DAY,
    origin: 'grok',
    evidence: [plainEvidence({ service: 'sshd', message: 'failed-login', count: 3 })],
    note: 'why',
  } as const;
  const number = ++lastNumber;
  const message = { ban, sender: 'a.example.net', channel: 'mcblock', number, at: NOW };
  return { prefix, address, message, isSigned: true, channel: 'mcblock', isDuplicate: false };
}

function from(sender: string, text: string, offender?: string): BlockRequest {
  const request = signed(text, offender);
  return { ...request, message: { ...request.message!, sender } };
}
