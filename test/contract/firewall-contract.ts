import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Firewall } from '../../src/firewall/firewall.ts';
import { reconcile } from '../../src/firewall/reconcile.ts';
import { coalesce } from '../../src/net/coalesce.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { anyPrefix } from '../reference/arbitraries.ts';

/** One firewall for a test, and what the test can do behind its back. */
export interface Bench {
  readonly firewall: Firewall;
  /** What is really there, in order, found without the code that is tested. */
  truth(): string[];
  /** What an operator or another program does: everything of ours is gone. */
  flush(): void;
  /** Somebody puts something into our place that is not as we write it. */
  spoil(): void;
}

const EDGES = [
  '0.0.0.0/32',
  '1.0.0.0/8',
  '5.149.104.0/23',
  '255.255.255.255/32',
  '::/128',
  '2001:67c::/32',
  '2001:67d:1::/48',
  '8000::/19',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
];

/** What every firewall has to do. `open` gives one that holds nothing yet, not even a table. */
export function firewallContract(name: string, open: () => Bench): void {
  describe(name, () => {
    it('holds nothing of ours at first', async () => {
      expect(await open().firewall.read()).toBeUndefined();
    });

    it('takes the edges of both families and gives them back', async () => {
      const bench = open();
      await apply(bench, EDGES);
      expect(bench.truth()).toEqual(EDGES);
      expect(textOf(await bench.firewall.read())).toEqual(EDGES);
    });

    it('takes no rules at all', async () => {
      const bench = open();
      const { whole, rules } = await apply(bench, []);
      expect({ whole, rules, truth: bench.truth() }).toEqual({ whole: true, rules: 0, truth: [] });
      expect((await apply(bench, [])).whole).toBe(false);
    });

    it('changes the difference, and says which it was', async () => {
      const bench = open();
      await apply(bench, ['5.149.104.0/24', '9.9.9.9/32', '2001:67c::/32']);
      const { added, removed, whole, rules } = await apply(bench, [
        '5.149.104.0/23',
        '9.9.9.9/32',
        '2001:67c::/64',
      ]);
      expect({ added: textOf(added), removed: textOf(removed), whole, rules }).toEqual({
        added: ['5.149.104.0/23', '2001:67c::/64'],
        removed: ['5.149.104.0/24', '2001:67c::/32'],
        whole: false,
        rules: 3,
      });
      expect(bench.truth()).toEqual(['5.149.104.0/23', '9.9.9.9/32', '2001:67c::/64']);
    });

    it('holds any rules after any others', async () => {
      const bench = open();
      await fc.assert(
        fc.asyncProperty(fc.array(anyPrefix, { maxLength: 12 }), async (some) => {
          const list = coalesce(PrefixList.from(some));
          fc.pre(Array.from(list).every(({ length }) => length > 0));
          await reconcile(bench.firewall, () => list, { force: true });
          expect(bench.truth()).toEqual(textOf(list));
        }),
        { numRuns: 6 },
      );
    });

    it('is put right after it was flushed behind its back', async () => {
      const bench = open();
      await apply(bench, EDGES);
      bench.flush();
      expect(bench.truth()).toEqual([]);
      expect((await apply(bench, EDGES)).added.size).toBe(EDGES.length);
      expect(bench.truth()).toEqual(EDGES);
    });

    it('is put right after somebody else wrote into it', async () => {
      const bench = open();
      await apply(bench, EDGES);
      bench.spoil();
      await apply(bench, EDGES);
      expect(bench.truth()).toEqual(EDGES);
    });

    it('takes more besides what it holds, or says that it does not', async () => {
      const bench = open();
      const { firewall } = bench;
      const add = (...rules: string[]) => firewall.add?.(listOf(rules)).catch(() => false);
      const held = ['5.149.104.0/24', '2001:67c::/64'];
      await apply(bench, held);
      const more = ['9.9.9.0/24', '9.9.9.9/32'];
      for (const rule of more) {
        const before = bench.truth();
        const isIn = await add(rule);
        expect(bench.truth().includes(rule)).toBe(isIn === true);
        expect(bench.truth()).toEqual(expect.arrayContaining(before));
      }
      for (const behind of [() => {}, () => bench.flush(), () => bench.spoil()]) {
        behind();
        await add('7.0.0.0/24');
        await apply(bench, held);
        expect(bench.truth()).toEqual(held);
      }
    });

    it('shows in a dry run what it would change, and changes nothing', async () => {
      const bench = open();
      await apply(bench, ['9.9.9.9/32']);
      const { added, removed } = await apply(bench, ['8.8.8.8/32', '64.0.0.0/7'], { dryRun: true });
      expect([textOf(added), textOf(removed)]).toEqual([
        ['8.8.8.8/32', '64.0.0.0/7'],
        ['9.9.9.9/32'],
      ]);
      expect(bench.truth()).toEqual(['9.9.9.9/32']);
    });

    it('wants to be forced to take a rule wider than /8 or /19', async () => {
      const bench = open();
      await apply(bench, ['9.9.9.9/32']);
      for (const wide of ['64.0.0.0/7', '2000::/18']) {
        await expect(apply(bench, ['9.9.9.9/32', wide])).rejects.toMatchObject({
          code: 'protected',
          message: expect.stringContaining(wide),
        });
      }
      expect(bench.truth()).toEqual(['9.9.9.9/32']);
      await apply(bench, ['64.0.0.0/7', '2000::/18'], { force: true });
      // What it holds already needs no force again.
      await apply(bench, ['9.9.9.9/32', '64.0.0.0/7', '2000::/18']);
      expect(bench.truth()).toEqual(['9.9.9.9/32', '64.0.0.0/7', '2000::/18']);
    });

    it('takes all but a rule that is too wide, and keeps what it holds of that', async () => {
      const bench = open();
      await apply(bench, ['9.9.9.9/32', '64.0.0.0/8']);
      await expect(apply(bench, ['8.8.8.8/32', '64.0.0.0/7'])).rejects.toMatchObject({
        code: 'protected',
      });
      expect(bench.truth()).toEqual(['8.8.8.8/32', '64.0.0.0/8']);
    });

    it('takes bogons, however wide, which a forged packet may bring back', async () => {
      const bench = open();
      const bogons = ['9.9.9.9/32', '10.0.0.0/7', '224.0.0.0/3', 'fc00::/7', 'ff00::/8'];
      await apply(bench, bogons);
      expect(bench.truth()).toEqual(bogons);
      await expect(apply(bench, ['192.0.0.0/2'])).rejects.toMatchObject({ code: 'protected' });
    });

    it('wants to be forced to be emptied where it held more than a thousand', async () => {
      const bench = open();
      const many = Array.from({ length: 1001 }, (_, i) => `7.${i >> 7}.${(i & 127) * 2}.0/24`);
      await apply(bench, many.slice(1));
      await apply(bench, []);
      await apply(bench, many);
      await expect(apply(bench, [])).rejects.toMatchObject({
        code: 'protected',
        message: expect.stringContaining('1001'),
      });
      expect(bench.truth()).toHaveLength(1001);
      await apply(bench, [], { force: true });
      expect(bench.truth()).toEqual([]);
    });

    it('ends with what the rules are at the end, where they change meanwhile', async () => {
      const bench = open();
      const states = [['9.9.9.9/32'], ['8.8.8.8/32'], ['8.8.8.8/32', '9.9.9.9/32']];
      let asked = 0;
      await reconcile(
        bench.firewall,
        () => listOf(states[Math.min(asked++, states.length - 1)] ?? []),
        {},
      );
      expect(bench.truth()).toEqual(['8.8.8.8/32', '9.9.9.9/32']);
    });
  });
}

export function apply(
  { firewall }: Pick<Bench, 'firewall'>,
  rules: readonly string[],
  options: Parameters<typeof reconcile>[2] = {},
) {
  return reconcile(firewall, () => listOf(rules), options);
}

function listOf(texts: readonly string[]): PrefixList {
  const list = PrefixList.from(texts.map((text) => parsePrefix(text)));
  list.sort();
  return list;
}

function textOf(list: PrefixList | undefined): string[] {
  return Array.from(list ?? [], formatPrefix);
}
