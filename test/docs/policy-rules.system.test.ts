import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Host } from '../../src/engine/host/host.ts';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';
import { documents } from './document.ts';

/** The page has one that is a bogon. */
const ADDRESS = '5.149.105.9';
const page = documents().find(({ name }) => name === 'docs/policy.md');
/** The configurations with a rule, by its name. */
const examples = new Map(
  page?.blocks
    .map(({ lines }) => lines.join('\n'))
    .flatMap((text) => Array.from(text.matchAll(/^name = "(.*)"$/gm), ([, name]) => [name, text])),
);

const ssh = (time: string, user: string) =>
  `${time}Z gw sshd[7]: Failed password for ${user} from ${ADDRESS} port 4 ssh2\n`;
const smtp = (time: string, user: string) =>
  `${time}Z gw postfix/smtpd[7]: warning: unknown[${ADDRESS}]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=${user}\n`;
const imap = (time: string, user: string) =>
  `${time}Z gw dovecot: imap-login: Aborted login (auth failed, 1 attempts): user=<${user}>, method=PLAIN, rip=${ADDRESS}, lip=198.51.100.1\n`;
const threeOn = (day: string) => [1, 2, 3].map((n) => ssh(`${day}T10:00:0${n}`, 'root'));

const BY_DEFAULT = ['5.149.105.0/24 30d'];
/** A log, and what is blocked after it without the rule and with it. */
const CASES: [string, readonly string[], readonly string[], readonly string[]][] = [
  ['root', threeOn('2026-03-23').slice(1), [], BY_DEFAULT],
  [
    'three names',
    ['root', 'admin', 'test'].map((user, n) => ssh(`2026-03-23T10:00:0${n}`, user)),
    BY_DEFAULT,
    ['5.149.105.0/24 90d'],
  ],
  [
    'hosting',
    [...threeOn('2026-01-23'), ...threeOn('2026-03-23')],
    ['5.149.105.0/24 60d'],
    ['5.149.96.0/20 60d'],
  ],
  ['office', threeOn('2026-03-23'), BY_DEFAULT, []],
  ['monitoring', threeOn('2026-03-23'), BY_DEFAULT, []],
  [
    'three services',
    [ssh, smtp, imap].map((lineOf, n) => lineOf(`2026-03-23T10:00:0${n}`, 'root')),
    BY_DEFAULT,
    ['5.149.105.0/24 365d'],
  ],
  [
    'unknown at night',
    [ssh('2026-03-20T23:00:00', 'admin'), ssh('2026-03-23T05:00:00', 'test')],
    [],
    BY_DEFAULT,
  ],
];

describe('the examples of rules', () => {
  it.each(CASES)('change what is blocked by default: %s', async (name, log, without, by) => {
    expect(await blocked('', log)).toEqual(without);
    expect(await blocked(examples.get(name) ?? '', log)).toEqual(by);
  });

  it('are all tried', () => {
    expect(CASES.map(([name]) => name)).toEqual([...examples.keys()]);
  });
});

/** What is blocked with this configuration after the log, and for how many days. */
async function blocked(config: string, log: readonly string[]): Promise<readonly string[]> {
  const line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  line.host = new Host('linux', line.folder);
  line.config = line.path('mcblock.toml');
  const country = { country: { iso_code: 'XX' } };
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'mcblock.toml': config
      .replace('/usr/local/share/GeoIP', line.folder)
      .replace('192.0.2.17', ADDRESS),
    'GeoLite2-Country.mmdb': mmdbOf([['5.149.0.0/16', country]]),
    'GeoLite2-ASN.mmdb': mmdbOf([['5.149.0.0/16', { autonomous_system_number: 64_500 }]]),
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
    log: log.join(''),
  };
  mkdirSync(line.path('etc'));
  for (const [name, content] of Object.entries(files)) writeFileSync(line.path(name), content);
  try {
    await line.run('grok', line.path('log'));
    const shown = await line.json<Record<'prefix' | 'activatedAt' | 'expiresAt', string>[]>('show');
    return shown.map(({ prefix, activatedAt, expiresAt }) => {
      const days = (Date.parse(expiresAt) - Date.parse(activatedAt)) / 86_400_000;
      return `${prefix} ${days}d`;
    });
  } finally {
    line.remove();
  }
}
