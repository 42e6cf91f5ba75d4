import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { Host } from '../../src/engine/host/host.ts';
import { CommandLine, type Outcome } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

const COLUMNS = 80;
const HOST = '2a0e:5f9a:1234:5678:9abc:def0:1234:5678';
const NOTE = 'a customer of the office in Rotterdam who typed an old password again and again';

let line: CommandLine;
beforeAll(async () => {
  line = new CommandLine();
  line.host = new Host('freebsd', line.path('root'));
  line.now = '2026-03-24T00:00:00Z';
  line.env = { SUDO_USER: 'alice' };
  const attempts = [HOST, '5.149.104.9', ...Array.from({ length: 30 }, (_, i) => `45.7.${i}.9`)];
  const lines = attempts.flatMap((address, index) =>
    Array.from(
      { length: 4 },
      (_, i) =>
        `2026-03-22T12:00:0${i}Z gw sshd[${index}]: Failed password for root from ${address} port 47 ssh2\n`,
    ),
  );
  writeFileSync(line.path('auth.log'), lines.join(''));
  writeFileSync(line.path('more.log'), lines.join('').replaceAll('2026-03-22', '2025-03-22'));
  writeFileSync(line.path('list'), '9.9.9.0/24\n2a0e:5f9a::/32\n');
  const record = { country: { iso_code: 'NL' }, autonomous_system_organization: NOTE };
  const asn = { ...record, autonomous_system_number: 64500 };
  writeFileSync(
    line.path('geo.mmdb'),
    mmdbOf([
      ['5.149.104.0/24', asn],
      ['45.7.0.0/16', asn],
    ]),
  );
  const database = line.path('geo.mmdb');
  writeFileSync(line.path('toml'), `[geo]\ncountry = "${database}"\nnetwork = "${database}"\n`);
  line.config = line.path('toml');
  await line.run('grok', line.path('auth.log'));
  await line.run('add', HOST, '198.18.7.0/24', '--exact', '--note', NOTE);
  await line.run('add', '--forever', '9.9.9.9', '--note', NOTE);
  await line.run('allow', '2a0e:5f9a:1234:5678:9abc:def0:1234:5679', '--note', NOTE);
  await line.run('feed', 'a-feed-with-a-long-name', line.path('list'));
  await line.run('expire', '45.7.1/24');
  await line.run('expire', '--mistake', '45.7.2/24');
  await line.run('forget', '--yes', '45.7.3/24');
  line.columns = COLUMNS;
});
afterAll(() => line.remove());

/** The lines that are wider than the terminal though they could be broken. */
function tooWide({ stdout, stderr }: Outcome): string[] {
  return `${stdout}${stderr}`
    .split(/[\r\n]/)
    .map((text) => stripVTControlCharacters(text))
    .filter((text) => text.length > COLUMNS && text.trim().includes(' '));
}

function words(text: string): string[] {
  return stripVTControlCharacters(text).split(/\s+/).toSorted();
}

/** What each command prints; those that run on are asked for their help only. */
const ARGUMENTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  grok: [
    ['FOLDER/more.log'],
    ['--dry-run', 'FOLDER/auth.log', '--again'],
    ['--verbose', 'FOLDER/auth.log', '--again'],
  ],
  parse: [['FOLDER/auth.log'], ['--unknown', 'FOLDER/auth.log']],
  add: [['2a0e:5f9a:1234:5678:9abc:def0:1234:5670', '--note', NOTE], ['5.149.104.7'], ['0/0']],
  expire: [['9.9.9.9'], ['9.9.9.8']],
  forget: [
    ['--yes', '45.7.4/24'],
    ['--yes', '45.7.4/24'],
  ],
  undo: [['--list'], ['--dry-run'], []],
  allow: [[], ['198.51.100.0/24', '--for', '1h']],
  show: [[], ['--all'], [HOST], ['--by-country'], ['--origin', 'feed'], ['8.8.8.8']],
  check: [[HOST, '9.9.9.9', '8.8.8.8']],
  explain: [
    [HOST],
    ['5.149.104/24'],
    ['--verbose', '45.7.1.9'],
    ['45.7.2.9'],
    ['9.9.9.9'],
    ['8.8.8.8'],
    ['45.7/16'],
  ],
  history: [[], [HOST], ['--commands']],
  stats: [[]],
  report: [[]],
  emit: [[], ['--format', 'nft']],
  pf: [['show']],
  import: [['FOLDER/list']],
  export: [['--help']],
  widen: [['--dry-run']],
  feed: [[], ['a-feed-with-a-long-name']],
  user: [['list']],
  config: [[], ['check']],
  grammar: [['check', 'FOLDER/list']],
  completion: [['--help']],
  sync: [[]],
  status: [[]],
  doctor: [['--verbose']],
};

describe('a terminal of 80 columns', () => {
  it.each(COMMANDS.map(({ name }) => name))('has room for the output of %s', async (name) => {
    const outputs = [await line.run(name, '--help')];
    for (const argv of ARGUMENTS[name] ?? []) {
      outputs.push(
        await line.run(name, ...argv.map((word) => word.replace('FOLDER', line.folder))),
      );
    }
    for (const output of outputs) expect(tooWide(output)).toEqual([]);
  });

  it('breaks lines between words, and loses none', async () => {
    for (const argv of [
      ['show', '--all'],
      ['history', '--limit', '9'],
      ['explain', '5.149.104.9'],
    ]) {
      line.columns = COLUMNS;
      const fitted = words((await line.run(...argv)).stdout);
      line.columns = undefined;
      const whole = new Set(words((await line.run(...argv)).stdout));
      // A narrow terminal has days without the time of day, and shorter titles.
      expect(fitted.filter((word) => !whole.has(word))).toEqual([]);
      line.columns = COLUMNS;
    }
  });

  it('does not affect pipes: their lines are neither cut nor broken', async () => {
    line.columns = undefined;
    expect((await line.run('show', HOST)).stdout).toMatch(new RegExp(`manual .*${NOTE}$`, 'm'));
    line.columns = COLUMNS;
  });

  it('draws the bars of stats with block characters only if the locale has them', async () => {
    line.env = { LC_ALL: 'C' };
    expect((await line.run('stats')).stdout).toMatch(/^[\n\x20-\x7e]*$/);
    line.env = { LANG: 'C.UTF-8' };
    expect((await line.run('stats')).stdout).toMatch(/[^\n\x20-\x7e]/);
  });

  it.each(COMMANDS)('prints the help of $name in ASCII', async ({ name }) => {
    expect((await line.run(name, '--help')).stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });
});
