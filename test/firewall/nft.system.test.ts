import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Firewall } from '../../src/firewall/firewall.ts';
import { nftFirewall } from '../../src/firewall/nft.ts';
import { readNftListing } from '../../src/firewall/nft-listing.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { apply } from '../contract/firewall-contract.ts';
import { until } from '../support/until.ts';
import { Namespace, NO_NAMESPACES } from './namespace.ts';

const WHY = NO_NAMESPACES ? `: ${NO_NAMESPACES}` : '';

describe.skipIf(NO_NAMESPACES)(`the nftables table${WHY}`, () => {
  let namespace: Namespace;
  beforeEach(() => {
    namespace = new Namespace();
  });
  afterEach(() => namespace.remove());
  const bench = () => ({ firewall: nftFirewall(namespace.nft, 'mcblock') });
  const handles = () => [...namespace.run('nft', '-a', 'list', 'ruleset').matchAll(/handle \d+/g)];
  const ruleset = () => namespace.run('nft', 'list', 'ruleset');

  it('has a hash set for each length, looked up with the masked address', async () => {
    await apply(bench(), ['1.2.3.0/24', '9.9.9.9/32', '2001:db8::/64']);
    const listed = ruleset();
    expect(listed).toContain('set ip_24 {\n\t\ttype ipv4_addr\n\t\telements = { 1.2.3.0 }');
    expect(listed).toContain('ip saddr & 255.255.255.0 == @ip_24 drop');
    expect(listed).toContain('ip saddr @ip_32 drop');
    expect(listed).toContain('ip6 saddr & ffff:ffff:ffff:ffff:: == @ip6_64 drop');
    expect(listed).not.toContain('interval');
  });

  it('is the only table that changes', async () => {
    const other =
      'table inet filter { set blocked { type ipv4_addr; elements = { 9.9.9.9 }; }; chain input { type filter hook input priority 0; policy accept; }; }';
    namespace.nftables(other);
    const before = ruleset();
    await apply(bench(), ['1.2.3.0/24']);
    await apply(bench(), ['1.2.4.0/24']);
    namespace.nftables('delete table inet mcblock');
    expect(ruleset()).toBe(before);
  });

  it('keeps its sets and rules when only elements change, and gets missing ones', async () => {
    await apply(bench(), ['1.2.3.0/24', '9.9.9.9/32']);
    const before = handles().map(String);
    await apply(bench(), ['1.2.4.0/24']);
    expect(handles().map(String)).toEqual(before);
    await apply(bench(), ['1.2.4.0/24', '7.0.0.0/20']);
    expect(handles().map(String)).toEqual(expect.arrayContaining(before));
    expect(ruleset()).toContain('ip saddr & 255.255.240.0 == @ip_20 drop');
  });

  it.each([
    ['a rule is gone', 'flush chain inet mcblock block'],
    ['the whole table is gone', 'delete table inet mcblock'],
    ['a rule lets somebody through', 'insert rule inet mcblock block ip saddr 1.2.3.4 accept'],
    ['a rule comes after ours', 'add rule inet mcblock block counter'],
    ['there is another set', 'add set inet mcblock more { type ipv4_addr; }'],
    ['there is a set of ours that nobody asks', 'add set inet mcblock ip_20 { type ipv4_addr; }'],
    ['there is another chain', 'add chain inet mcblock more'],
    ['the table is dormant', 'add table inet mcblock { flags dormant; }'],
    ['there is a counter', 'add counter inet mcblock more'],
    ['an element can match nothing', 'add element inet mcblock ip_24 { 1.2.3.4 }'],
    [
      'the chain has another hook',
      'delete table inet mcblock; add table inet mcblock; add set inet mcblock ip_24 { type ipv4_addr; }; add chain inet mcblock block { type filter hook output priority 0; }; add rule inet mcblock block ct direction reply accept; add rule inet mcblock block ip saddr & 255.255.255.0 @ip_24 drop',
    ],
  ])('is put there anew where %s', async (_, script) => {
    await apply(bench(), ['1.2.3.0/24']);
    const right = ruleset();
    namespace.nftables(script.replaceAll(/; (?=add|delete)/g, '\n'));
    expect(ruleset()).not.toBe(right);
    expect((await apply(bench(), ['1.2.3.0/24'])).whole).toBe(true);
    expect(ruleset()).toBe(right);
  });

  it('is corrected element by element after a foreign change', async () => {
    await apply(bench(), ['1.2.3.0/24', '1.2.5.0/24']);
    namespace.nftables(
      'delete element inet mcblock ip_24 { 1.2.3.0 }\nadd element inet mcblock ip_24 { 7.7.7.0 }',
    );
    const { added, removed, whole } = await apply(bench(), ['1.2.3.0/24', '1.2.5.0/24']);
    expect(whole).toBe(false);
    expect([Array.from(added, formatPrefix), Array.from(removed, formatPrefix)]).toEqual([
      ['1.2.3.0/24'],
      ['7.7.7.0/24'],
    ]);
  });

  it('is correct after concurrent applies', async () => {
    await apply(bench(), ['1.2.3.0/24', '1.2.5.0/24']);
    const rules = ['1.2.3.0/24', '7.0.0.0/20', '9.9.9.9/32'];
    await Promise.all([1, 2, 3].map(() => apply(bench(), rules)));
    expect(Array.from((await bench().firewall.read()) ?? [], formatPrefix)).toEqual(rules);
  });

  it('is added to by the program that was started for it, again and again', async () => {
    const { firewall } = bench();
    await apply({ firewall }, ['1.2.3.0/24', '9.9.9.9/32']);
    await firewall.read();
    firewall.prepare?.();
    await until(() => namespace.processes.length === 1);
    // No other program can be started now.
    writeFileSync(namespace.nft, '#!/bin/sh\nexit 1\n');
    expect(await add(firewall, '1.2.5.0/24', '1.2.7.0/24', '9.9.9.7/32')).toBe(true);
    expect(await add(firewall, '1.2.9.0/24')).toBe(true);
    // What is there already is no error.
    expect(await add(firewall, '1.2.9.0/24')).toBe(true);
    const listed = namespace.run('nft', 'list', 'ruleset').replaceAll(/\s+/g, ' ');
    expect(listed).toContain('elements = { 1.2.3.0, 1.2.5.0, 1.2.7.0, 1.2.9.0 }');
    expect(listed).toContain('elements = { 9.9.9.7, 9.9.9.9 }');
    firewall.release?.();
    await until(() => namespace.processes.length === 0);
  });

  it('reports the error of a program that was started before, and goes on with it', async () => {
    const { firewall } = bench();
    await apply({ firewall }, ['1.2.3.0/24']);
    await firewall.read();
    firewall.prepare?.();
    await until(() => namespace.processes.length === 1);
    namespace.nftables('delete table inet mcblock');
    await expect(add(firewall, '1.2.5.0/24')).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('No such file'),
    });
    await apply(bench(), ['1.2.3.0/24']);
    writeFileSync(namespace.nft, '#!/bin/sh\nexit 1\n');
    expect(await add(firewall, '1.2.5.0/24')).toBe(true);
    expect(ruleset()).toContain('1.2.5.0');
    firewall.release?.();
  });

  it('is added to by another program where the one that was started has ended', async () => {
    const { firewall } = bench();
    await apply({ firewall }, ['1.2.3.0/24']);
    await firewall.read();
    firewall.prepare?.();
    await until(() => namespace.processes.length === 1);
    for (const pid of namespace.processes) process.kill(pid, 'SIGKILL');
    expect(await add(firewall, '1.2.5.0/24')).toBe(true);
    expect(ruleset()).toContain('1.2.5.0');
  });

  it('is added to where nft is not interactive, which is tried once', async () => {
    const { firewall } = bench();
    await apply({ firewall }, ['1.2.3.0/24']);
    await firewall.read();
    const script = readFileSync(namespace.nft, 'utf8');
    const tried = `${namespace.nft}.tried`;
    writeFileSync(
      namespace.nft,
      script.replace('\n', `\n[ "$1" = -i ] && echo >>${tried} && exit 1\n`),
    );
    for (const prefix of ['1.2.5.0/24', '1.2.7.0/24', '1.2.9.0/24']) {
      firewall.prepare?.();
      expect(await add(firewall, prefix)).toBe(true);
    }
    expect(ruleset().replaceAll(/\s+/g, ' ')).toContain('1.2.5.0, 1.2.7.0, 1.2.9.0');
    expect(readFileSync(tried, 'utf8')).toBe('\n');
  });

  it('has no program left that was started for it and not needed', async () => {
    const { firewall } = bench();
    firewall.prepare?.();
    firewall.prepare?.();
    await until(() => namespace.processes.length === 1);
    firewall.release?.();
    await until(() => namespace.processes.length === 0);
  });

  it('reports the error of nft, and what to do about it', async () => {
    const firewall = nftFirewall(`${namespace.nft}-none`, 'mcblock');
    await expect(apply({ firewall }, [])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringContaining('-none: no such file'),
    });
    writeFileSync(
      namespace.nft,
      '#!/bin/sh\necho "Operation not permitted (you must be root)" >&2\nexit 1\n',
    );
    await expect(apply(bench(), [])).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(/you must be root.*run mcblock as root/),
    });
  });

  it('reports the error of nft for a table name that is a keyword', async () => {
    await expect(apply({ firewall: nftFirewall(namespace.nft, 'drop') }, [])).rejects.toMatchObject(
      { code: 'program', message: expect.stringContaining('nft: Error: syntax error') },
    );
  });
});

function add(firewall: Firewall, ...prefixes: string[]): Promise<boolean> | undefined {
  return firewall.add?.(PrefixList.from(prefixes.map((prefix) => parsePrefix(prefix))));
}

describe('readNftListing', () => {
  it.each(['', '{', '[]', '{"nftables": 3}', '{"nftables": [3]}', '{"nftables": []}'])(
    'takes %j for nothing of ours',
    (json) => {
      expect(readNftListing(json)).toBeUndefined();
    },
  );
});
