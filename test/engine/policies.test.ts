import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { policiesByCountry } from '../../src/engine/policies.ts';
import { type Address, addressOf } from '../../src/net/address.ts';

const STRICT = { ...DEFAULT_POLICY, auto: { length4: 22, length6: 56, nat64: [], proxies: [] } };

it('gives an address the policy of its country, and others the common one', () => {
  const geo = {
    country: ({ a }: Address) => (a >>> 24 === 5 ? 'XX' : undefined),
    network: () => undefined,
  };
  const { policyFor } = policiesByCountry(DEFAULT_POLICY, new Map([['XX', STRICT]]), geo);
  expect(policyFor(addressOf(4, 0x05_95_68_09))).toBe(STRICT);
  expect(policyFor(addressOf(4, 0x06_95_68_09))).toBe(DEFAULT_POLICY);
});

it('looks up the country of the widest automatic prefix, so that prefixes never overlap', () => {
  const asked: Address[] = [];
  const geo = {
    country: (address: Address) => {
      asked.push(address);
      return undefined;
    },
    network: () => undefined,
  };
  const { policyFor } = policiesByCountry(DEFAULT_POLICY, new Map([['XX', STRICT]]), geo);
  policyFor(addressOf(4, 0x05_95_6b_09));
  policyFor(addressOf(6, 0x20_01_0d_b8, 0xff_ff_ff_ff));
  expect(asked).toMatchObject([
    { family: 4, a: 0x05_95_68_00, length: 22 },
    { family: 6, a: 0x20_01_0d_b8, b: 0xff_ff_ff_00, length: 56 },
  ]);
});

it('asks no database if no country has a policy of its own', () => {
  const { policyFor } = policiesByCountry(DEFAULT_POLICY, new Map(), undefined);
  expect(policyFor(addressOf(4, 0))).toBe(DEFAULT_POLICY);
});
