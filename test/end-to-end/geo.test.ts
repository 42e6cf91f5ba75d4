import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

let line: CommandLine;
let config: string;
beforeEach(async () => {
  line = new CommandLine();
  config = line.path('mcblock.toml');
  const [countries, networks] = [line.path('country.mmdb'), line.path('asn.mmdb')];
  writeFileSync(
    countries,
    mmdbOf([
      ['5.149.0.0/16', { country: { iso_code: 'DE' } }],
      ['45.9.20.0/24', { country: 'NL' }],
      ['2a0e:c41:0:0:0:0:0:0/32', { registered_country: { iso_code: 'DE' } }],
    ]),
  );
  writeFileSync(
    networks,
    mmdbOf([
      [
        '5.149.104.0/22',
        { autonomous_system_number: 64_500, autonomous_system_organization: 'Example\u0007 Net' },
      ],
    ]),
  );
  writeFileSync(config, `[geo]\ncountry = "${countries}"\nnetwork = "${networks}"\n`);
  await line.run(
    'add',
    '5.149.104.0/24',
    '5.149.104.0/25',
    '45.9.20.0/24',
    '2a0e:c41::/48',
    '9.9.9.0/24',
  );
});
afterEach(() => line.remove());

describe('countries and networks', () => {
  it('are shown with entries', async () => {
    const { stdout } = await line.run('--config', config, 'show');
    expect(stdout).toMatch(/5\.149\.104\/24 .* manual +DE +AS64500 Example\S* Net/);
    expect(stdout).toMatch(/9\.9\.9\/24 .* manual +- +-/);
    expect(stdout).not.toContain('\u0007');
    expect(await line.json('--config', config, 'show', '45.9.20.1')).toMatchObject([
      { prefix: '45.9.20.0/24', country: 'NL', network: null },
    ]);
    const explained = (await line.run('--config', config, 'explain', '2a0e:c41::7')).stdout;
    expect(explained).toContain('country DE, -');
  });

  it('are summed, counting each address once', async () => {
    expect(await line.json('--config', config, 'show', '--by-country')).toEqual([
      { country: 'DE', entries: 2, hits: 0, addresses4: 256, networks6: 65_536 },
      { country: null, entries: 1, hits: 0, addresses4: 256, networks6: 0 },
      { country: 'NL', entries: 1, hits: 0, addresses4: 256, networks6: 0 },
    ]);
    expect((await line.run('--config', config, 'show', '--by-country')).stdout).toMatch(
      /^IN +ENTRIES .*\nDE +2 +0 +256 +65,536\n/,
    );
  });

  it('are optional', async () => {
    expect(Object.keys((await line.json<object[]>('show'))[0] ?? {})).not.toContain('country');
    const { exitCode, stderr } = await line.run('show', '--by-country');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('geo.country');
  });

  it('are refused if the file is not a database', async () => {
    writeFileSync(line.path('country.mmdb'), 'something else');
    const { exitCode, stderr } = await line.run('--config', config, 'show');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^mcblock: \/\S+: /);
  });
});

describe('a policy for a country', () => {
  it('sets penalties and prefix lengths', async () => {
    const own = '[[rule]]\nname = "DE"\ncountries = ["DE"]\npenalty = "90d"\nlength4 = 22\n';
    writeFileSync(config, `${readFileSync(config, 'utf8')}${own}`);
    line.now = '2026-03-24T00:00:00Z';
    const log = line.path('auth.log.0');
    const tries = [
      '5.149.201.7',
      '5.149.203.9',
      '5.149.201.8',
      '45.9.21.7',
      '45.9.21.7',
      '45.9.21.7',
    ];
    const lines = tries.map(
      (who, n) =>
        `Mar 19 12:00:0${n} gw sshd[${n + 1}]: Failed password for root from ${who} port 9 ssh2\n`,
    );
    writeFileSync(log, lines.join(''));
    await line.run('--config', config, 'grok', '--year', '2026', log);
    const shown = await line.json<EntryJson[]>('show', '5.149.201.7', '45.9.21.7');
    expect(shown.map(({ prefix, expiresAt }) => [prefix, expiresAt])).toEqual([
      ['5.149.200.0/22', '2026-06-17T12:00:02Z'],
      ['45.9.21.0/24', '2026-04-18T12:00:05Z'],
    ]);
    const { stdout } = await line.run('--config', config, 'add', '5.149.9.0/24');
    expect(stdout).toContain('until 2026-06-22');
    expect((await line.run('--config', config, 'config')).stdout).toContain(
      '\nname = "DE"\ncountries = ["DE"]\npenalty = "90d"\nlength4 = 22\n',
    );
    const explained = await line.run('--config', config, 'explain', '5.149.201.7');
    expect(explained.stdout).toContain('2026-03-19 12:00 to 2026-06-17 12:00, by rule DE');
    expect((await line.run('history', '5.149.201.7')).stdout).toContain('by rule DE');
  });

  it.each([
    ['countries = ["De"]\npenalty = "90d"', /:4: rule\[0\]\.countries\[0\] must be a two-letter/],
    ['countries = ["DE"]\nlength4 = 7', /:5: rule\[0\]\.length4 must be a whole number from 8/],
    ['countries = ["DE"]\npenalty = 5', /:5: rule\[0\]\.penalty must be a duration/],
    ['countires = ["DE"]', /:2: rule\[0\]: unknown key countires; did you mean countries\?/],
  ])('is refused where it is %s', async (rows, message) => {
    writeFileSync(config, `timezone = "UTC"\n[[rule]]\nname = "DE"\n${rows}\n`);
    const { exitCode, stderr } = await line.run('--config', config, 'config', 'check');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('is refused with the rules that replace the keys of earlier versions', async () => {
    const rows = 'penalties = { DE = "90d", FR = "90d", NL = "7d" }\nlengths4 = { DE = 22 }\n';
    writeFileSync(config, `[geo]\n${rows}offence.x = 1\n[offence]\nmessages = { "sshd.x" = 0 }\n`);
    const { exitCode, stderr } = await line.run('--config', config, 'config', 'check');
    expect(exitCode).toBe(2);
    const [first = '', ...rules] = stderr.split('\n\n');
    expect(first).toBe(
      `mcblock: ${config}:6: offence.messages, geo.penalties, geo.lengths4 are now [[rule]]; write in place of them:`,
    );
    expect(rules.join('\n\n').trim().split('\n\n')).toEqual([
      '[[rule]]\nname = "offence messages 0"\nmessages = ["sshd.x"]\npoints = 0',
      '[[rule]]\nname = "geo penalties 90d"\ncountries = ["DE","FR"]\npenalty = "90d"',
      '[[rule]]\nname = "geo penalties 7d"\ncountries = ["NL"]\npenalty = "7d"',
      '[[rule]]\nname = "geo lengths4 22"\ncountries = ["DE"]\nlength4 = 22',
    ]);
  });
});
