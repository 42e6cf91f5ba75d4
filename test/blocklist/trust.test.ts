import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/blocklist/entry.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import {
  isExcused,
  type Login,
  trustedLogins,
  trustedProtections,
} from '../../src/blocklist/trust.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { entryOf } from '../store/helpers.ts';
import { loginOf } from '../support/login.ts';

const HOME = parsePrefix('192.0.2.7');
const AT = 1_700_000_000;
const LATER = AT + 1000 * DAY_SECONDS;

function isTrusted(
  login: Login,
  at: number,
  {
    entries = [],
    now = LATER,
    policy = DEFAULT_POLICY,
    others = [],
  }: {
    entries?: readonly Entry[];
    now?: number;
    policy?: typeof DEFAULT_POLICY;
    others?: readonly Login[];
  } = {},
): boolean {
  return trustedLogins([login, ...others], entries, at, now, policy).length > 0;
}

function madeAt(activatedAt: number, days: number): Entry {
  const expiresAt = activatedAt + days * DAY_SECONDS;
  return { ...entryOf('192.0.2.0/24'), activations: 1, activatedAt, expiresAt };
}

function isTrustedAfter(days: number, seconds = 0): boolean {
  return isTrusted(loginOf(HOME, AT), AT + days * DAY_SECONDS + seconds);
}

describe('a login', () => {
  it('makes its address trusted for 30 days before and after it, to the second', () => {
    expect(isTrustedAfter(-30, -1)).toBe(false);
    expect(isTrustedAfter(-30)).toBe(true);
    expect(isTrustedAfter(0)).toBe(true);
    expect(isTrustedAfter(30)).toBe(true);
    expect(isTrustedAfter(30, 1)).toBe(false);
  });

  it('in the future makes nobody trusted, now or later', () => {
    const login = loginOf(HOME, AT + 60);
    expect(isTrusted(login, AT, { now: AT })).toBe(false);
    expect(isTrusted(login, AT, { now: AT + 60 })).toBe(true);
    const long = loginOf(HOME, AT, { last: AT + 5000 * DAY_SECONDS });
    expect(isTrusted(long, AT + 30 * DAY_SECONDS)).toBe(true);
    expect(isTrusted(long, AT + 31 * DAY_SECONDS)).toBe(false);
  });

  it('counts only of the services that the policy names, if it names any', () => {
    const policy = { ...DEFAULT_POLICY, trust: { ...DEFAULT_POLICY.trust, services: ['sshd'] } };
    expect(isTrusted(loginOf(HOME, AT), AT, { policy })).toBe(true);
    expect(isTrusted(loginOf(HOME, AT, { service: 'dovecot' }), AT, { policy })).toBe(false);
    expect(isTrusted(loginOf(HOME, AT, { service: '' }), AT, { policy })).toBe(false);
  });

  it('makes nobody trusted with trust.days = 0', () => {
    const policy = { ...DEFAULT_POLICY, trust: { ...DEFAULT_POLICY.trust, days: 0 } };
    expect(isTrusted(loginOf(HOME, AT), AT, { policy })).toBe(false);
  });

  it('excuses failures of the same user after it, and of nobody else', () => {
    const logins = [loginOf(HOME, AT, { user: 5, last: AT + 100 })];
    expect(isExcused(5, logins, AT - 1)).toBe(false);
    expect(isExcused(5, logins, AT)).toBe(true);
    expect(isExcused(5, logins, AT + DAY_SECONDS)).toBe(true);
    expect(isExcused(6, logins, AT)).toBe(false);
    expect(isExcused(undefined, [loginOf(HOME, AT)], AT)).toBe(false);
  });
});

describe('a loss of trust', () => {
  const lost = AT + DAY_SECONDS;
  const entry = madeAt(lost, 30);
  const login = loginOf(HOME, AT, { lost });

  it('lasts until the entry so made has expired, and a login comes', () => {
    const entries = [entry];
    const end = lost + 30 * DAY_SECONDS;
    expect(isTrusted(login, lost - 1, { entries })).toBe(true);
    expect(isTrusted(login, lost, { entries })).toBe(false);
    // A login of anybody meanwhile changes nothing.
    const other = { ...loginOf(HOME, end - 1, { user: 9 }) };
    expect(isTrusted(login, end - 1, { entries, others: [other] })).toBe(false);
    expect(isTrusted(login, end, { entries, others: [other] })).toBe(false);
    const back = loginOf(HOME, end, { user: 9 });
    expect(isTrusted(login, end - 1, { entries, others: [back] })).toBe(false);
    expect(isTrusted(login, end, { entries, others: [back] })).toBe(true);
  });

  it('lasts for ever if the entry does', () => {
    const entries = [{ ...entry, expiresAt: 'forever' as const }];
    const back = loginOf(HOME, lost + 300 * DAY_SECONDS);
    expect(isTrusted(login, back.last, { entries, others: [back] })).toBe(false);
  });

  it('ends with the entry, if that was taken back', () => {
    expect(isTrusted(login, lost, { entries: [] })).toBe(true);
  });

  it('concerns its address alone', () => {
    const neighbour = loginOf(parsePrefix('192.0.2.8'), AT);
    const protections = trustedProtections(
      [login, neighbour],
      () => [entry],
      lost + 1,
      DEFAULT_POLICY,
    );
    expect(protections).toEqual([{ prefix: parsePrefix('192.0.2.8'), reason: 'login' }]);
  });
});
