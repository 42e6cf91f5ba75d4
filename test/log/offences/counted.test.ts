import { describe, expect, it } from 'vitest';
import { grammars } from '#grammars';
import { instantiate } from '../../../grammar/notation/instance.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { prefixAround } from '../../../src/net/prefix.ts';
import { sourceOf } from '../lines-of.ts';

const NOW = Date.parse('2026-03-24T00:00:00Z') / 1000;
const scanners = grammars.map(instantiate);

/** Reads lines that are a second apart, or as many as `wait` says. */
async function read(lines: readonly string[], wait = 1) {
  const start = Date.parse('2026-03-20T00:00:00Z');
  const log = lines.map((line, index) => {
    const time = new Date(start + index * wait * 1000).toISOString().slice(0, 19);
    return `${time}Z gw ${line}\n`;
  });
  const options = { scanners, zone: 'UTC', points: new Map(), known: () => [] };
  return readOffences(sourceOf(log.join(''), NOW), options);
}

/** What the lines count, as `address message points` for each offence. */
async function counted(lines: readonly string[], wait?: number): Promise<string[]> {
  const { groups } = await read(lines, wait);
  return [...groups((address) => prefixAround(address, 0))].flatMap(({ offences }) =>
    Array.from(
      offences,
      ({ address, kind, points }) => `${formatAddress(address)} ${kind.message} ${points}`,
    ),
  );
}

async function loggedIn(lines: readonly string[]): Promise<string[]> {
  return (await read(lines)).logins.map(({ address }) => formatAddress(address));
}

/** These lines again and again, with N replaced by the number of the repetition. */
function times(count: number, ...lines: readonly string[]): string[] {
  return Array.from({ length: count }, (_, n) =>
    lines.map((line) => line.replaceAll('%N', String(n + 1))),
  ).flat();
}

const A = '203.0.113.7';

describe('the keys of one ssh connection', () => {
  it('count once', async () => {
    const key = `sshd[500]: Failed publickey for git from ${A} port 57904 ssh2: ED25519 SHA256:`;
    expect(await counted([`${key}a`, `${key}b`, `${key}c`])).toEqual([`${A} failed-key 10`]);
  });

  it('count no more than the password that follows them', async () => {
    const end = `for git from ${A} port 57904 ssh2`;
    const lines = [`sshd[500]: Failed publickey ${end}`, `sshd[500]: Failed password ${end}`];
    expect(await counted(lines)).toEqual([`${A} failed-key 10`]);
  });
});
