import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

let line: CommandLine;
beforeEach(async () => {
  line = new CommandLine();
  line.now = '2026-03-01T00:00:00Z';
  const country = line.path('country.mmdb');
  const network = line.path('asn.mmdb');
  writeFileSync(country, mmdbOf([['5.149.0.0/16', { country: { iso_code: 'XX' } }]]));
  const as = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example' };
  writeFileSync(network, mmdbOf([['5.149.0.0/16', as]]));
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, `[geo]\ncountry = "${country}"\nnetwork = "${network}"\n`);
  const networks = [100, 101, 102, 108, 200].map((third) => `5.149.${third}.0/24`);
  await line.run('add', ...networks);
  // All but the last go on for three days.
  const knocks = [2, 3, 4].flatMap((day) =>
    [100, 101, 102, 108].map(
      (third) =>
        `2026-03-0${day}T12:00:00Z gw sshd[${day}${third}]: Failed password for root from 5.149.${third}.9 port 47 ssh2\n`,
    ),
  );
  writeFileSync(line.path('auth.log'), knocks.join(''));
  line.now = '2026-03-05T00:00:00Z';
  await line.run('grok', line.path('auth.log'));
});
afterEach(() => line.remove());

describe('advise', () => {
  it('proposes rules for networks and countries, with their cost', async () => {
    const { stdout, exitCode } = await line.run('advise');
    expect(exitCode).toBe(0);
    expect(
      stdout,
    ).toBe(`FROM             PERSISTENT  HITS  FIRST (UTC)       LAST (UTC)        OTHER ADDRESSES
AS64500 Example      4 of 5    12  2026-03-01 00:00  2026-03-04 12:00            1,792
XX                   4 of 5    12  2026-03-01 00:00  2026-03-04 12:00            1,792

If that is worth it:
  [[rule]]
  name = "persistent AS64500"
  networks = ["AS64500"]
  length4 = 22
  [[rule]]
  name = "persistent XX"
  countries = ["XX"]
  length4 = 22
`);
  });

  it('proposes no rule that there is already', async () => {
    const config = readFileSync(line.config ?? '', 'utf8');
    const rule = '[[rule]]\nname = "persistent AS64500"\nnetworks = ["AS64500"]\nlength4 = 22\n';
    writeFileSync(line.config ?? '', `${config}${rule}`);
    expect((await line.run('advise')).stderr).toContain('nothing to suggest');
  });

  it('proposes a length for IPv6 where that is what goes on', async () => {
    line.now = '2026-03-01T00:00:00Z';
    const networks = [1, 2, 3, 4].map((host) => `2a01:db8:${host}::/64`);
    await line.run('add', ...networks);
    const knocks = [2, 3, 4].flatMap((day) =>
      [1, 2, 3, 4].map(
        (host) =>
          `2026-03-0${day}T12:00:00Z gw sshd[${day}${host}]: Failed password for root from 2a01:db8:${host}::9 port 47 ssh2\n`,
      ),
    );
    writeFileSync(line.path('six.log'), knocks.join(''));
    line.now = '2026-03-05T00:00:00Z';
    await line.run('grok', line.path('six.log'));
    writeFileSync(
      line.path('country.mmdb'),
      mmdbOf([['2a01:db8::/32', { country: { iso_code: 'YY' } }]]),
    );
    expect(await line.json('advise')).toContainEqual(
      expect.objectContaining({
        from: 'YY',
        otherAddresses: 0,
        proposal: '[[rule]]\nname = "persistent YY"\ncountries = ["YY"]\nlength6 = 62',
      }),
    );
  });

  it('proposes a wider entry where neighbours go on', async () => {
    const advice = await line.json<object[]>('advise', '--min', '3');
    expect(advice).toContainEqual({
      kind: 'prefix',
      from: '5.149.100.0/22',
      persistent: 3,
      active: 3,
      hits: 9,
      firstSeen: '2026-03-01T00:00:00Z',
      lastSeen: '2026-03-04T12:00:00Z',
      otherAddresses: 256,
      proposal: 'mcblock add 5.149.100/22 --exact',
    });
  });

  it('counts all entries of a prefix, not only those that go on', async () => {
    await line.run('add', '5.149.103/24');
    expect(await line.json('advise', '--min', '3')).toContainEqual(
      expect.objectContaining({
        from: '5.149.100.0/22',
        persistent: 3,
        active: 4,
        otherAddresses: 0,
      }),
    );
  });

  it.each([
    ['that is blocked as a whole', ['add', '5.149.100/22', '--exact']],
    ['in which something is protected', ['allow', '5.149.103.7']],
  ])('proposes no prefix %s', async (_, argv) => {
    expect((await line.run(...argv)).exitCode).toBe(0);
    const advice = await line.json<{ kind: string }[]>('advise', '--min', '3');
    expect(advice.map(({ kind }) => kind)).not.toContain('prefix');
  });

  it('changes nothing, and says so if there is nothing to suggest', async () => {
    const before = await line.run('export');
    await line.run('advise', '--min', '2');
    expect((await line.run('export')).stdout).toBe(before.stdout);
    expect((await line.run('advise', '--min', '6')).stderr).toContain('nothing to suggest');
  });
});

describe('persistent entries', () => {
  it('are counted by stats and report', async () => {
    const { stdout } = await line.run('stats', '--limit', '2');
    expect(stdout).toContain('\npersistent 4 entries are still being hit\n');
    expect(stdout).toContain(
      '\nOFFENCES  PERSISTENT\n       3  5.149.100.0/24\n       3  5.149.101.0/24\n',
    );
    expect((await line.run('report')).stdout).toContain('\nOFFENCES  PERSISTENT\n');
    expect(await line.json('stats', '--limit', '1')).toMatchObject({
      persistent: { entries: 4, prefixes: [{ prefix: '5.149.100.0/24', offences: 3 }] },
    });
  });
});
