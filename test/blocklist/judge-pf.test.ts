import { describe, expect, it } from 'vitest';
import { type Entry, neverActive, type Origin } from '../../src/blocklist/entry.ts';
import { Judge } from '../../src/blocklist/judge.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Protection } from '../../src/blocklist/request.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { offenceOf } from '../support/offence.ts';
import { MemoryMap } from './memory-map.ts';

const DAY0 = 19_700 * DAY_SECONDS;
const NOW = DAY0 + 5000 * DAY_SECONDS;
const KIND = kindOf('pf', 'blocked', 'pflog', 'em0');

function entryOf(prefix: string, activatedAt: number, days = 30, origin: Origin = 'grok'): Entry {
  return {
    ...neverActive(parsePrefix(prefix), origin, ''),
    activations: 1,
    hits: 3,
    firstSeen: activatedAt,
    lastSeen: activatedAt,
    activatedAt,
    expiresAt: activatedAt + days * DAY_SECONDS,
  };
}

/** Packets from this source, one at each of these times. */
function seen(
  source: string,
  times: readonly number[],
  entries: readonly Entry[],
  protections: readonly Protection[] = [],
) {
  const repository = new MemoryMap(entries);
  const space = new ProtectedSpace(protections);
  const judge = new Judge(
    repository,
    space,
    () => DEFAULT_POLICY,
    () => NOW,
    'pf',
  );
  for (const at of times) {
    judge.offend(offenceOf({ at, address: parsePrefix(source), kind: KIND }));
  }
  const { pending } = judge.finish();
  return { repository, pending, kinds: repository.verdicts.map(({ decision }) => decision.kind) };
}

describe('what pf saw', () => {
  it('makes no new entry, however often it came, and leaves nothing pending', () => {
    const times = Array.from({ length: 1000 }, (_, n) => DAY0 + n);
    const { repository, pending, kinds } = seen('5.149.105.9', times, []);
    expect(kinds).toEqual([]);
    expect(repository.entries).toEqual([]);
    expect(pending).toEqual([]);
  });

  it('brings back an expired entry of the automatic length at once', () => {
    const old = entryOf('5.149.105.0/24', DAY0 - 100 * DAY_SECONDS);
    const { repository, kinds } = seen('5.149.105.9', [DAY0, DAY0 + 5], [old]);
    expect(kinds).toEqual(['reactivated', 'covered']);
    expect(repository.entries).toMatchObject([
      { prefix: parsePrefix('5.149.105.0/24'), activations: 2, hits: 5, activatedAt: DAY0 },
    ]);
    expect(repository.verdicts[0]?.request).toMatchObject({ origin: 'pf', external: true });
  });

  it('brings back nothing wider, as sources can be forged', () => {
    const wide = ['5.149.104.0/23', '5.0.0.0/8'].map((one) =>
      entryOf(one, DAY0 - 100 * DAY_SECONDS),
    );
    const { repository, kinds } = seen('5.149.105.9', [DAY0, DAY0 + 5], wide);
    expect(kinds).toEqual([]);
    expect(repository.entries).toEqual(wide);
    const host = entryOf('5.149.105.9', DAY0 - 100 * DAY_SECONDS);
    expect(seen('5.149.105.9', [DAY0], [...wide, host]).repository.verdicts).toMatchObject([
      { decision: { kind: 'reactivated', entry: { prefix: host.prefix } } },
    ]);
  });

  it('keeps those out who go on probing for days though nothing answers', () => {
    const active = entryOf('5.149.105.0/24', DAY0);
    const days = Array.from({ length: 25 }, (_, day) => DAY0 + (day + 1) * DAY_SECONDS);
    const { repository } = seen('5.149.105.9', days, [active]);
    expect(repository.entries[0]).toMatchObject({
      activations: 1,
      expiresAt: DAY0 + 55 * DAY_SECONDS,
    });
  });

  it('activates the bogons that a source lies in', () => {
    const bogon = neverActive(parsePrefix('192.168.0.0/16'), 'bogon', '');
    const { repository, kinds } = seen('192.168.7.9', [DAY0], [bogon]);
    expect(kinds).toEqual(['reactivated']);
    expect(repository.entries).toMatchObject([
      { origin: 'bogon', activations: 1, activatedAt: DAY0 },
    ]);
  });

  it('leaves alone who is protected, and nobody else', () => {
    const bogon = neverActive(parsePrefix('192.168.0.0/16'), 'bogon', '');
    const wide = entryOf('5.149.107.0/24', DAY0 - 100 * DAY_SECONDS);
    const own: Protection = { prefix: parsePrefix('192.168.1.1/32'), reason: 'own' };
    const allowed: Protection = { prefix: parsePrefix('5.149.107.4/32'), reason: 'allowed' };
    expect(seen('192.168.7.9', [DAY0], [bogon], [own]).kinds).toEqual(['reactivated']);
    expect(seen('5.149.107.9', [DAY0], [wide], [allowed]).kinds).toEqual(['reactivated']);
    expect(seen('5.149.107.4', [DAY0], [wide], [allowed]).kinds).toEqual([]);
    expect(seen('192.168.1.1', [DAY0], [bogon], [own]).kinds).toEqual([]);
  });

  it('is evidence where it is older than the latest activation', () => {
    const { kinds } = seen('5.149.105.9', [DAY0 - 5], [entryOf('5.149.105.0/24', DAY0)]);
    expect(kinds).toEqual(['evidence']);
  });
});
