import { expect, it } from 'vitest';
import { activateEntry } from '../../src/blocklist/change.ts';
import { neverActive } from '../../src/blocklist/entry.ts';
import { currentPenalty } from '../../src/blocklist/penalty.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import type { PolicyRule } from '../../src/blocklist/policy-rule.ts';
import type { Geo } from '../../src/engine/geo.ts';
import { ruledPolicies } from '../../src/engine/ruled-policies.ts';
import { type Address, addressOf } from '../../src/net/address.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { PLAIN_CONTEXT } from '../support/rule-context.ts';

const STRICT: PolicyRule = {
  name: 'strict',
  conditions: { countries: ['XX'] },
  effects: { penalty: { set: 90 * DAY_SECONDS }, length4: 22, length6: 56 },
};
const GEO: Geo = {
  country: ({ a }: Address) => (a >>> 24 === 5 ? 'XX' : undefined),
  network: ({ a }: Address) => (a >>> 24 === 6 ? 'AS64500 Example Net' : 'AS6450'),
};

const policies = (...rules: PolicyRule[]) =>
  ruledPolicies(DEFAULT_POLICY, rules, PLAIN_CONTEXT, GEO);

it('gives an address the policy of its country, and others the common one', () => {
  const { policyFor } = policies(STRICT);
  expect(policyFor(addressOf(4, 0x05_95_68_09))).toMatchObject({
    penalty: { firstSeconds: 90 * DAY_SECONDS },
    auto: { length4: 22, length6: 56 },
  });
  expect(policyFor(addressOf(4, 0x06_95_68_09))).toBe(DEFAULT_POLICY);
});

it('knows a network by its whole number', () => {
  const { policyFor } = policies({
    name: 'hosting',
    conditions: { networks: [64_500] },
    effects: { length4: 20 },
  });
  expect(policyFor(addressOf(4, 0x06_00_00_01)).auto.length4).toBe(20);
  expect(policyFor(addressOf(4, 0x07_00_00_01)).auto.length4).toBe(24);
});

it('looks up the country of the widest automatic prefix, so that prefixes never overlap', () => {
  const asked: Address[] = [];
  const geo: Geo = {
    country: (address) => {
      asked.push(address);
      return undefined;
    },
    network: () => undefined,
  };
  const { policyFor } = ruledPolicies(DEFAULT_POLICY, [STRICT], PLAIN_CONTEXT, geo);
  policyFor(addressOf(4, 0x05_95_6b_09));
  policyFor(addressOf(6, 0x20_01_0d_b8, 0xff_ff_ff_ff));
  expect(asked).toMatchObject([
    { family: 4, a: 0x05_95_68_00, length: 22 },
    { family: 6, a: 0x20_01_0d_b8, b: 0xff_ff_ff_00, length: 56 },
  ]);
});

const WIDE_AGAIN: PolicyRule = {
  name: 'again',
  conditions: { networks: [64_500], activations: 1 },
  effects: { penalty: { set: 90 * DAY_SECONDS }, length4: 20 },
};
/** 5.149.104.0/24 alone is of that network. */
const ONE: Geo = {
  country: () => undefined,
  network: ({ a }) => (a >>> 8 === 0x05_95_68 ? 'AS64500' : undefined),
};

it('looks up the network of the automatic prefix, though a rule may widen that', () => {
  const { policyFor } = ruledPolicies(DEFAULT_POLICY, [WIDE_AGAIN], PLAIN_CONTEXT, ONE);
  expect(policyFor(addressOf(4, 0x05_95_68_09))).not.toBe(DEFAULT_POLICY);
  expect(policyFor(addressOf(4, 0x05_95_60_09)).rules?.widest4).toBeUndefined();
});

it('prolongs a wide entry by the penalty that it had, whoever in it offends', () => {
  const { policyFor } = ruledPolicies(DEFAULT_POLICY, [WIDE_AGAIN], PLAIN_CONTEXT, ONE);
  const prefix = parsePrefix('5.149.96.0/20');
  const policy = policyFor(addressOf(4, 0x05_95_60_09));
  const entry = activateEntry(neverActive(prefix, 'grok', ''), 1, 0, undefined, policy, 'again');
  expect(currentPenalty(entry, policy)).toBe(90 * DAY_SECONDS);
});

it('judges together what a rule may have blocked together', () => {
  const wide: PolicyRule = { name: 'w', conditions: { activations: 1 }, effects: { length4: 20 } };
  const { spaceAround, policyFor } = policies(wide);
  const address = addressOf(4, 0x05_95_6b_09);
  expect(formatPrefix(spaceAround(address))).toBe('5.149.96.0/20');
  expect(policyFor(address).auto.length4).toBe(24);
});

it('uses a rule about prefixes for the addresses in them alone', () => {
  const { policyFor } = policies({
    name: 'office',
    conditions: { prefixes: [parsePrefix('5.149.0.0/16')] },
    effects: { penalty: { times: 2 } },
  });
  expect(policyFor(addressOf(4, 0x05_95_00_01)).penalty.firstSeconds).toBe(60 * DAY_SECONDS);
  expect(policyFor(addressOf(4, 0x05_96_00_01))).toBe(DEFAULT_POLICY);
});

it('asks no database without rules', () => {
  const { policyFor } = ruledPolicies(DEFAULT_POLICY, [], PLAIN_CONTEXT, undefined);
  expect(policyFor(addressOf(4, 0))).toBe(DEFAULT_POLICY);
});
