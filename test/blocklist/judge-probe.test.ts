import { describe, expect, it } from 'vitest';
import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { MAX_PROBES } from '../../src/blocklist/probe.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { MemoryMap } from './memory-map.ts';

const NOW = 1_700_000_000;

function offence(who: string, service: string, message: string, points: number, count = 1) {
  const address = parseAddress(who);
  if (address === undefined) throw new Error(who);
  const kind = kindOf(service, message);
  const made: Offence = { at: NOW, address, points, count, port: undefined, user: undefined, kind };
  return made;
}

const probe = (who: string, port: number | undefined, points = 3, count = 1) =>
  offence(who, 'probe', port === undefined ? 'tcp' : `tcp/${port}`, points * count, count);

const failed = (host: number, points: number) =>
  offence(`192.0.2.${host}`, 'sshd', 'failed-login', points);

function judgeOf(repository: MemoryMap, policy = DEFAULT_POLICY): Judge {
  return new Judge(
    repository,
    new ProtectedSpace([]),
    () => policy,
    () => NOW,
  );
}

function activeAfter(...offences: readonly Offence[]): string[] {
  const repository = new MemoryMap();
  const judge = judgeOf(repository);
  judge.offendAll(offences);
  judge.finish();
  return activeIn(repository);
}

function activeIn(repository: MemoryMap): string[] {
  return repository.entries
    .filter(({ expiresAt }) => expiresAt === 'forever' || expiresAt > NOW)
    .map(({ prefix }) => formatPrefix(prefix));
}

const ports = (count: number) => Array.from({ length: count }, (_, index) => 8000 + index);

describe('A probe', () => {
  it('blocks the address alone', () => {
    for (const [who, prefix] of [
      ['192.0.2.7', '192.0.2.7/32'],
      ['64:ff9b::192.0.2.7', '64:ff9b::c000:207/128'],
    ] as const) {
      const three = [22, 23, 25].map((port) => probe(who, port, 10));
      expect(activeAfter(...three)).toEqual([prefix]);
    }
  });

  it('blocks the network of an IPv6 host, which may take any address of it', () => {
    const three = [22, 23, 25].map((port, host) => probe(`2001:db8::${host}`, port, 10));
    expect(activeAfter(...three)).toEqual(['2001:db8::/64']);
    const sixToFour = [22, 23, 25].map((port, net) => probe(`2002:c000:207:${net}::1`, port, 10));
    expect(activeAfter(...sixToFour)).toEqual(['2002:c000:207::/48']);
  });

  it('is kept once for each port of an IPv6 network, however many addresses it has', () => {
    const judge = judgeOf(new MemoryMap());
    for (let host = 0; host < 5000; host++) {
      judge.offend(probe(`2001:db8::${host.toString(16)}`, 8000 + (host % 3)));
    }
    const { pending } = judge.finish();
    expect(pending).toHaveLength(3);
    expect(pending.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });

  it('is kept of so many ports at most, if rules make it count nothing', () => {
    const judge = judgeOf(new MemoryMap());
    for (let port = 1; port < MAX_PROBES + 10; port++) judge.offend(probe('192.0.2.7', port, 0));
    expect(judge.finish().pending).toHaveLength(MAX_PROBES);
  });

  it('brings back no entry that is wider than the network, unless it scans', () => {
    for (const [who, wide] of [
      ['192.0.2.7', '192.0.0.0/16'],
      ['2001:db8::7', '2001:db8::/32'],
    ] as const) {
      const entry: Entry = {
        ...neverActive(parsePrefix(wide), 'manual', ''),
        activations: 1,
        activatedAt: NOW - 200,
        expiresAt: NOW - 100,
      };
      const after = (count: number, points: number) => {
        const repository = new MemoryMap([entry]);
        const judge = judgeOf(repository);
        judge.offendAll(ports(count).map((port) => probe(who, port, points)));
        judge.finish();
        return activeIn(repository);
      };
      expect(after(2, 10)).toEqual([]);
      expect(after(3, 10)).toHaveLength(1);
      expect(after(3, 10)).not.toContain(wide);
      expect(after(10, 3)).toContain(wide);
    }
  });

  it('counts a port once, however often it is tried', () => {
    const often = Array.from({ length: 50 }, () => probe('192.0.2.7', 23, 10));
    expect(activeAfter(...often)).toEqual([]);
  });

  it('blocks the network of an address that tried ten ports', () => {
    expect(activeAfter(...ports(9).map((port) => probe('192.0.2.7', port)))).toEqual([]);
    expect(activeAfter(...ports(10).map((port) => probe('192.0.2.7', port)))).toEqual([
      '192.0.2.0/24',
    ]);
  });

  it('blocks the network at the tenth port, though the address was blocked before', () => {
    const bad = [22, 23, 25].map((port) => probe('192.0.2.7', port, 10));
    const more = ports(7).map((port) => probe('192.0.2.7', port));
    expect(activeAfter(...bad, ...more)).toEqual(['192.0.2.0/24']);
  });

  it('is forgotten in a block of the network, which later offences hit', () => {
    const alone = [failed(7, 20), probe('192.0.2.7', 23, 10)];
    expect(activeAfter(...alone)).toEqual(['192.0.2.7/32']);
    expect(activeAfter(...alone, failed(8, 10), failed(7, 10))).toEqual(['192.0.2.0/24']);
  });

  it('says nothing of its neighbours', () => {
    const many = ports(100).map((port, host) => probe(`192.0.2.${host}`, port, 10));
    expect(activeAfter(...many)).toEqual([]);
    const failures = [1, 2].map((host) => offence(`192.0.2.${host}`, 'sshd', 'failed-login', 10));
    expect(activeAfter(...many, ...failures)).toEqual([]);
  });

  it('counts together with what the same address did elsewhere', () => {
    const failures = [1, 2].map(() => offence('192.0.2.7', 'sshd', 'failed-login', 10));
    expect(activeAfter(...failures, probe('192.0.2.7', 23, 10))).toEqual(['192.0.2.7/32']);
  });

  it('without a port counts three, at most ten times', () => {
    expect(activeAfter(probe('192.0.2.7', undefined, 3, 9))).toEqual([]);
    expect(activeAfter(probe('192.0.2.7', undefined, 3, 10))).toEqual(['192.0.2.7/32']);
    // At once, too.
    const stricter = { ...DEFAULT_POLICY, offence: { ...DEFAULT_POLICY.offence, points: 31 } };
    const judge = judgeOf(new MemoryMap(), stricter);
    for (let turn = 0; turn < 20; turn++) judge.offend(probe('192.0.2.7', undefined, 3, 7));
    judge.offend(probe('198.51.100.7', undefined, 3, 50));
    expect(judge.finish().pending).toMatchObject([
      { points: 30, count: 140 },
      { points: 30, count: 50 },
    ]);
  });

  it('counts anew with what a store kept of it', () => {
    const kept = probe('192.0.2.7', 23, 10);
    const again = { ...kept, kind: { ...kept.kind } };
    const judge = judgeOf(new MemoryMap());
    judge.offendAll([{ ...kept, isJudged: true }, again]);
    expect(judge.finish().pending).toMatchObject([{ points: 10, count: 2 }]);
  });
});
