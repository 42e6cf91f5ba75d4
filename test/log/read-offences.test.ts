import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grammars } from '#grammars';
import { instantiate } from '../../grammar/notation/instance.ts';
import { NO_MATCH, type Scanner } from '../../grammar/notation/scanner.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import type { Checkpoint, KnownCheckpoints } from '../../src/log/checkpoint.ts';
import { type LogSummary, readOffences } from '../../src/log/read-offences.ts';
import { openSource } from '../../src/log/source.ts';
import { formatAddress } from '../../src/net/address-text.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { sourceOf } from './lines-of.ts';
import { tinyScanner } from './tiny-scanner.ts';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;
const NOW = utc('2026-03-24T00:00:00');
const OPTIONS = { scanners: [tinyScanner], zone: 'UTC', points: new Map<string, number>() };
/** Lines of a scanner that is compiled are passed over where they can be. */
const shipped = grammars.filter(({ service }) => service === 'sshd').map(instantiate);
const unknown: KnownCheckpoints = () => [];
const sha256 = (bytes: string): Buffer => createHash('sha256').update(bytes).digest();

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/logs/${name}`, import.meta.url), 'latin1');

/** `seconds points count address message host`, a line for each offence. */
async function told(log: string, options: object = {}, known = unknown, chunkBytes = 1 << 20) {
  const source = sourceOf(log, NOW, chunkBytes);
  const summary = await readOffences(source, { ...OPTIONS, known, ...options });
  const offences = Array.from(
    offencesOf(summary),
    ({ at, points, count, address, kind: { message, host } }) =>
      `${new Date(at * 1000).toISOString().slice(0, 19)} ${points} ${count} ${formatAddress(address)} ${message} ${host}`,
  );
  return { summary, offences };
}

/** All offences, in one group for each family. */
function offencesOf(summary: LogSummary): Offence[] {
  const groups = summary.groups((address) => prefixAround(address, 0));
  return [...groups].flatMap(({ offences }) => Array.from(offences, (offence) => ({ ...offence })));
}

describe('the offences of a log', () => {
  it('name the port of the peer, if the line does', async () => {
    const summary = await readOffences(sourceOf(fixture('bsd.log'), NOW, 1 << 20), {
      ...OPTIONS,
      known: unknown,
    });
    expect(offencesOf(summary).map(({ port }) => port)).toEqual([50112, 40110]);
  });

  it('count once for each attempt of a connection', async () => {
    const { summary, offences } = await told(fixture('bsd.log'));
    expect(offences).toEqual([
      '2026-03-19T23:48:19 10 1 5.149.104.7 invalid-user gw',
      '2026-03-20T00:00:03 10 1 5.149.105.9 failed-login gw',
    ]);
    expect(summary).toMatchObject({
      name: 'test.log',
      newFrom: 0,
      offenceCount: 2,
      lines: { lines: 6, matched: 4, unmatched: 0, ambiguous: 0, cut: 0, headless: 0 },
      span: { first: utc('2026-03-19T23:48:18'), last: utc('2026-03-20T07:02:11') },
      warnings: [],
    });
    expect(summary.messages).toEqual([
      { service: 'sshd', message: 'failed-login', count: 2 },
      { service: 'sshd', message: 'invalid-user', count: 1 },
      { service: 'sshd', message: 'accepted', count: 1 },
    ]);
    expect(summary.logins).toEqual([
      {
        address: { family: 4, a: 0x49a22c12, b: 0, c: 0, d: 0 },
        service: 'sshd',
        user: expect.any(Number),
        first: utc('2026-03-20T07:02:11'),
        last: utc('2026-03-20T07:02:11'),
      },
    ]);
    expect(summary.content).toMatchObject({
      bytes: fixture('bsd.log').length,
      digest: sha256(fixture('bsd.log')),
      head: sha256(fixture('bsd.log').split('\n', 1)[0]!),
    });
  });

  it('can be read again', async () => {
    const { summary } = await told(fixture('bsd.log'));
    expect(offencesOf(summary)).toEqual(offencesOf(summary));
  });

  it.each(['freebsd-v.log', 'freebsd-vv.log'])('are the same in %s', async (name) => {
    const { offences } = await told(fixture(name));
    expect(offences).toEqual(['2026-03-19T23:48:19 10 1 5.149.104.7 invalid-user gw']);
  });

  it('are one if the program and PAM in its name report the same attempt', async () => {
    const mute = { ...tinyScanner, scan: () => NO_MATCH };
    const own: Scanner = {
      ...tinyScanner,
      scan: (bytes, start, end, reading) =>
        Buffer.from(bytes.subarray(start, start + 7)).toString('latin1') === 'Invalid'
          ? NO_MATCH
          : tinyScanner.scan(bytes, start, end, reading),
    };
    const pam = { ...tinyScanner, service: 'pam', programs: ['*'] };
    const log = `Mar 19 23:48:18 gw sshd[1]: Invalid user a from 5.149.104.7 port 1
Mar 19 23:48:19 gw sshd[1]: Failed password for a from 5.149.104.7 port 1 ssh2
Mar 19 23:48:20 gw sshd[2]: Invalid user a from 5.149.104.7 port 1
`;
    expect((await told(log, { scanners: [own, pam] })).offences).toEqual([
      '2026-03-19T23:48:18 10 1 5.149.104.7 invalid-user gw',
      '2026-03-19T23:48:20 10 1 5.149.104.7 invalid-user gw',
    ]);
    expect((await told(log, { scanners: [mute, pam] })).offences).toHaveLength(2);
  });

  it('count repetitions', async () => {
    expect((await told(fixture('repeated.log'))).offences).toEqual([
      '2026-03-19T23:48:18 10 1 5.149.104.7 failed-login gw',
      '2026-03-19T23:48:28 30 3 5.149.104.7 failed-login gw',
      '2026-03-19T23:50:28 10 1 5.149.104.7 failed-login gw',
      '2026-03-19T23:50:30 50 5 5.149.105.9 failed-login gw',
      '2026-03-19T23:50:41 10 1 5.149.104.8 failed-login gw',
    ]);
  });

  it('go back over New Year', async () => {
    const times = (await told(fixture('new-year.log'))).offences.map((line) => line.slice(0, 19));
    expect(times).toEqual([
      '2025-12-30T23:59:58',
      '2026-01-01T00:00:01',
      '2025-12-31T23:59:59',
      '2026-01-02T08:15:00',
    ]);
  });

  it('have the given year and zone', async () => {
    const { offences } = await told(fixture('bsd.log'), { year: 2011, zone: 'Europe/Berlin' });
    expect(offences[0]).toContain('2011-03-19T22:48:19');
  });

  it('have the points of policy', async () => {
    const points = new Map([
      ['sshd.failed-login', 25],
      ['sshd.invalid-user', 0],
      ['sshd.accepted', 7],
    ]);
    expect((await told(fixture('bsd.log'), { points })).offences).toEqual([
      '2026-03-19T23:48:21 25 1 5.149.104.7 failed-login gw',
      '2026-03-20T00:00:03 25 1 5.149.105.9 failed-login gw',
    ]);
  });

  it('are none in an empty log', async () => {
    const { summary, offences } = await told('');
    expect(offences).toEqual([]);
    expect(summary).toMatchObject({ span: undefined, newFrom: 0, content: { bytes: 0 } });
  });

  it('are found in a rotated log', async () => {
    const source = openSource(
      fileURLToPath(new URL('../../fixtures/auth.log.0.bz2', import.meta.url)),
      NOW,
    );
    const reported: [number, number | undefined][] = [];
    const onProgress = (bytes: number, total: number | undefined) => reported.push([bytes, total]);
    const summary = await readOffences(source, {
      ...OPTIONS,
      year: 2026,
      known: unknown,
      onProgress,
    });
    source.close();
    expect(summary.lines).toMatchObject({ lines: 4000, headless: 0, cut: 0 });
    expect(summary.span).toEqual({
      first: utc('2026-03-19T00:00:00'),
      last: utc('2026-03-23T00:00:00'),
    });
    const prefixes = Array.from(offencesOf(summary), ({ address }) => address.a >>> 8);
    expect(prefixes).toContain(0x059568);
    expect(prefixes).toContain(0x059569);
    expect(reported.at(-1)).toEqual([source.totalBytes, source.totalBytes]);
  });
});

describe('a log that has grown', () => {
  const lines = Array.from(
    { length: 12 },
    (_, i) =>
      `Mar 19 23:48:${String(10 + i)} gw sshd[${i >> 1}]: Failed password for root from 5.149.104.${i >> 1} port 1 ssh2\n`,
  );
  const whole = lines.join('');

  /** Reads it as it was at each of these lengths, and last as it is now; all that was told. */
  async function readAgainAndAgain(lengths: readonly number[], chunkBytes: number) {
    const read: (Checkpoint & { head: Uint8Array })[] = [];
    const all: string[] = [];
    let newFrom = 0;
    for (const length of [...lengths, whole.length]) {
      const known = (head: Uint8Array) => read.filter((one) => Buffer.from(head).equals(one.head));
      const { summary, offences } = await told(whole.slice(0, length), {}, known, chunkBytes);
      read.push(summary.content);
      all.push(...offences);
      newFrom = summary.newFrom;
    }
    return { all, newFrom };
  }

  it('yields only what is new', async () => {
    const first = lines.slice(0, 5).join('').length;
    const { all, newFrom } = await readAgainAndAgain([first], 1 << 20);
    expect(newFrom).toBe(first);
    expect(all).toEqual((await told(whole)).offences);
  });

  it('has samples of what is new only', async () => {
    const { content } = (await told(lines.slice(0, 5).join(''))).summary;
    const { samples } = (await told(whole, { samples: 2 }, () => [content])).summary;
    const all = samples?.within(parsePrefix('5.149.104.0/24')) ?? [];
    expect(all.map(({ number }) => number)).toEqual([6, 7]);
  });

  it('yields nothing if it has not grown', async () => {
    const { all, newFrom } = await readAgainAndAgain([whole.length], 1 << 20);
    expect(newFrom).toBe(whole.length);
    expect(all).toEqual((await told(whole)).offences);
  });

  it('is another log if what was read before has changed', async () => {
    const changed = whole.replace('104.3', '104.9');
    const before = (await told(whole.slice(0, -lines[11]!.length))).summary.content;
    const { summary } = await told(changed, {}, () => [before]);
    expect(summary).toMatchObject({ newFrom: 0, offenceCount: 12 });
  });

  it('continues the connections that were open', async () => {
    const invalid = 'Mar 19 23:48:10 gw sshd[7]: Invalid user x from 5.149.104.7 port 1\n';
    const failed =
      'Mar 19 23:48:11 gw sshd[7]: Failed password for x from 5.149.104.7 port 1 ssh2\n';
    const before = (await told(invalid)).summary.content;
    expect((await told(invalid + failed, {}, () => [before])).offences).toEqual([]);
  });

  it('counts all lines after one that was partly read before', async () => {
    const known = () => [{ bytes: 20, digest: sha256(whole.slice(0, 20)) }];
    const { summary } = await told(whole, { scanners: shipped }, known);
    expect(summary.lines).toMatchObject({ lines: 11, matched: 11 });
    expect(summary.span).toEqual({
      first: utc('2026-03-19T23:48:11'),
      last: utc('2026-03-19T23:48:21'),
    });
  });

  it('never counts a line twice, wherever reading stopped, in chunks of any size', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 4 });
    const once = (await told(whole)).offences;
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 200 }), async (some, chunkBytes) => {
        const sorted = some.toSorted((p, q) => p - q);
        const { all } = await readAgainAndAgain(sorted, chunkBytes);
        expect(new Set(all).size).toBe(all.length);
        expect(once).toEqual(expect.arrayContaining(all));
        // What is missing was not whole when it was read.
        const torn = sorted.filter((length) => length > 0 && whole[length - 1] !== '\n');
        expect(all.length).toBeGreaterThanOrEqual(once.length - torn.length);
      }),
      { numRuns: 30 },
    );
  });
});
