import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageOf } from '../../src/blocklist/coverage.ts';
import { UserUsage } from '../../src/blocklist/user-usage.ts';
import { coalesce } from '../../src/net/coalesce.ts';
import { containsPrefix, type Prefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { anyPrefixes } from '../reference/arbitraries.ts';

const MOST = { addresses4: 1024, prefixes6: 2 };
const NONE = { addresses4: 0, prefixes6: 0 };
const listOf = (...texts: string[]) => PrefixList.from(texts.map(parsePrefix));

/** Counted slowly, from the beginning. */
function counted(prefixes: readonly Prefix[]) {
  const list = PrefixList.from(prefixes);
  const prefixes6 = coalesce(list).runs[6].size;
  return { addresses4: Number(coverageOf(list)[4]), prefixes6 };
}

describe('what a user has active', () => {
  it('is judged by a bound until that is exceeded, then has to be counted', () => {
    const usage = new UserUsage(MOST, { addresses4: 512, prefixes6: 2 });
    expect(usage.admits(parsePrefix('192.0.2.0/24'))).toBe(true);
    expect(usage.usage).toEqual({ addresses4: 768, prefixes6: 2 });
    expect(usage.admits(parsePrefix('198.51.100.0/23'))).toBeUndefined();
    expect(usage.admits(parsePrefix('2001:db8::/64'))).toBeUndefined();
    usage.count(listOf('192.0.2.0/25', '2001:db8::/64', '2001:db8:0:1::/64'));
    // With what was admitted before.
    expect(usage.usage).toEqual({ addresses4: 256, prefixes6: 1 });
    expect(usage.admits(parsePrefix('198.51.100.0/23'))).toBe(true);
    expect(usage.admits(parsePrefix('198.51.102.0/23'))).toBe(false);
    expect(usage.admits(parsePrefix('2001:db8:0:1::/64'))).toBe(true);
    expect(usage.usage).toEqual({ addresses4: 768, prefixes6: 1 });
  });

  it('has to be counted where there is no bound', () => {
    const usage = new UserUsage(MOST, undefined);
    expect(usage.admits(parsePrefix('192.0.2.0/24'))).toBeUndefined();
    expect(usage.usage).toBeUndefined();
    usage.count(new PrefixList());
    expect(usage.admits(parsePrefix('192.0.2.0/24'))).toBe(true);
  });

  it('grows to the budget and no further, however it is arranged', () => {
    const most = { addresses4: 2 ** 31, prefixes6: 3 };
    fc.assert(
      fc.property(anyPrefixes, anyPrefixes, (before, prefixes) => {
        const usage = new UserUsage(most, NONE);
        usage.count(PrefixList.from(before));
        const held = [...before];
        for (const prefix of prefixes) {
          const now = counted(held);
          const next = counted([...held, prefix]);
          const kind = prefix.family === 4 ? 'addresses4' : 'prefixes6';
          const isAdmitted = usage.admits(prefix) === true;
          if (isAdmitted) held.push(prefix);
          // What is active is always free; of the rest never too much is admitted.
          if (next[kind] > Math.max(now[kind], most[kind])) expect(isAdmitted).toBe(false);
          if (before.some((one) => containsPrefix(one, prefix))) expect(isAdmitted).toBe(true);
          const { addresses4, prefixes6 } = counted(held);
          expect(usage.usage?.addresses4).toBe(addresses4);
          // Siblings are joined only when all is counted.
          expect(usage.usage?.prefixes6).toBeGreaterThanOrEqual(prefixes6);
        }
      }),
    );
  });
});
