import { describe, expect, it } from 'vitest';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { formatPrefix } from '../../src/net/prefix-text.ts';
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

function activeAfter(...offences: readonly Offence[]): string[] {
  const repository = new MemoryMap();
  const judge = new Judge(
    repository,
    new ProtectedSpace([]),
    () => DEFAULT_POLICY,
    () => NOW,
  );
  judge.offendAll(offences);
  judge.finish();
  return repository.entries
    .filter(({ expiresAt }) => expiresAt === 'forever' || expiresAt > NOW)
    .map(({ prefix }) => formatPrefix(prefix));
}

const ports = (count: number) => Array.from({ length: count }, (_, index) => 8000 + index);

describe('A probe', () => {
  it('blocks the address alone', () => {
    const three = [22, 23, 25].map((port) => probe('192.0.2.7', port, 10));
    expect(activeAfter(...three)).toEqual(['192.0.2.7/32']);
    const six = [22, 23, 25].map((port) => probe('2001:db8::7', port, 10));
    expect(activeAfter(...six)).toEqual(['2001:db8::7/128']);
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
    const stricter = { ...DEFAULT_POLICY, offence: { ...DEFAULT_POLICY.offence, points: 31 } };
    const judge = new Judge(
      new MemoryMap(),
      new ProtectedSpace([]),
      () => stricter,
      () => NOW,
    );
    for (let turn = 0; turn < 20; turn++) judge.offend(probe('192.0.2.7', undefined, 3, 7));
    expect(judge.finish().pending).toMatchObject([{ points: 30, count: 140 }]);
  });

  it('counts anew with what a store kept of it', () => {
    const kept = probe('192.0.2.7', 23, 10);
    const again = { ...kept, kind: { ...kept.kind } };
    const judge = new Judge(
      new MemoryMap(),
      new ProtectedSpace([]),
      () => DEFAULT_POLICY,
      () => NOW,
    );
    judge.offendAll([{ ...kept, isJudged: true }, again]);
    expect(judge.finish().pending).toMatchObject([{ points: 10, count: 2 }]);
  });
});
