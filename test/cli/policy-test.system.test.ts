import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

let line: CommandLine;
let config = '';
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  config = line.path('mcblock.toml');
  writeFileSync(
    config,
    `
[[rule]]
name = "root"
services = ["sshd"]
users = ["root", "adm*"]
points = "x2"

[[rule]]
name = "office"
prefixes = ["192.0.2.0/24"]
penalty = "1d"

[[rule]]
name = "again"
activations = 1
length4 = 20

[[rule]]
name = "monitoring"
prefixes = ["192.0.2.17"]
ignore = true
`,
  );
});
afterEach(() => line.remove());

async function tested(text: string): Promise<readonly string[]> {
  const { stdout } = await line.run('--config', config, 'policy', 'test', text);
  return stdout.split('\n').map((row) => row.trimEnd());
}

const LINE = (user: string, address = '5.149.105.9') =>
  `2026-03-23T10:11:12Z gw sshd[7]: Failed password for ${user} from ${address} port 4 ssh2`;

describe('policy test', () => {
  it('shows which rules apply to an address', async () => {
    expect(await tested('5.149.105.9')).toEqual([
      '5.149.105.9',
      '  0 activations and 0 hits before',
      'RULE        FITS  EFFECT       WHY',
      'root        ?     points x2    depends on the event: services, messages or kinds, users',
      'office      no    penalty 1d   not: prefixes',
      'again       no    length4 20   not: activations',
      'monitoring  no    ignore true  not: prefixes',
      'if it is blocked: 5.149.105/24 for 30 days',
      '',
    ]);
  });

  it('asks the store for what was before', async () => {
    await line.run('add', '5.149.105.0/24', '--for', '1d');
    line.now = '2026-03-26T00:00:00Z';
    const rows = await tested('5.149.105.9');
    expect(rows).toContain('again       yes   length4 20');
    expect(rows).toContain('if it is blocked: 5.149.96/20 for 60 days, by rule again');
  });

  it('shows how a line counts, and by which rules', async () => {
    const rows = await tested(LINE('admin'));
    expect(rows).toContain('root        yes   points x2');
    expect(rows).toContain('counts 20 points for 1 day, by rule root');
    expect(await tested(LINE('bob'))).toContain('counts 10 points for 1 day');
    expect(await tested(LINE('bob', '192.0.2.17'))).toContain('counts nothing');
    expect(await tested(LINE('bob', '192.0.2.18'))).toContain(
      'if it is blocked: 192.0.2/24 for 1 day, by rule office',
    );
  });

  it('shows that a line counts nothing where rules take its points', async () => {
    writeFileSync(config, '[[rule]]\nname = "none"\nservices = ["sshd"]\npoints = 0\n');
    const rows = await tested(LINE('bob'));
    expect(rows).toContain('none  yes   points 0');
    expect(rows).toContain('counts nothing');
  });

  it('says the same in JSON', async () => {
    const test = await line.json('--config', config, 'policy', 'test', LINE('root'));
    expect(test).toMatchObject({
      address: '5.149.105.9',
      event: { service: 'sshd', message: 'failed-login', at: '2026-03-23T10:11:12Z' },
      rules: [
        { name: 'root', fits: true, failing: [], effects: { points: 'x2' } },
        { name: 'office', fits: false, failing: ['prefixes'] },
        { name: 'again', fits: false, failing: ['activations'] },
        { name: 'monitoring', fits: false },
      ],
      points: 20,
      windowSeconds: 86_400,
      rule: 'root',
      block: { prefix: '5.149.105.0/24', rule: null },
    });
  });

  it('shows every effect that a rule has', async () => {
    const effects =
      'points = 7\nwindow = "7d"\npenalty = "x2"\nlength4 = 20\nlength6 = 40\nforever = false\nnotify = true\n';
    writeFileSync(config, `[[rule]]\nname = "all"\norigins = ["grok"]\n${effects}`);
    const test = await line.json('--config', config, 'policy', 'test', '5.149.105.9');
    expect(test).toMatchObject({
      rules: [
        {
          effects: {
            points: '7',
            window: '7d',
            penalty: 'x2',
            length4: 20,
            length6: 40,
            forever: false,
            notify: true,
          },
        },
      ],
    });
  });

  it('fits no rule of other countries, whatever else there is', async () => {
    const country = line.path('country.mmdb');
    writeFileSync(country, mmdbOf([['5.149.104.0/22', { country: { iso_code: 'XX' } }]]));
    const others = [
      // Some messages count for nothing but by rules.
      '[[rule]]\nname = "ten names"\ndistinct-users = 10\npoints = 30\n',
      // It does not make offences of a /20 count together.
      '[[rule]]\nname = "again"\nactivations = 1\nlength4 = 20\n',
    ];
    const rules = ['XX', 'YY'].map(
      (code) => `[[rule]]\nname = "${code}"\ncountries = ["${code}"]\npoints = "x0.5"\n`,
    );
    const all = [...others, ...rules].join('');
    writeFileSync(config, `[geo]\ncountry = "${country}"\n${all}`);
    const rows = await tested('5.149.105.9');
    expect(rows).toContain('XX         yes   points x0.5');
    expect(rows).toContain('YY         no    points x0.5  not: countries');
  });

  it('refuses what is neither an address nor a line that names an offender', async () => {
    const { exitCode, stderr } = await line.run('policy', 'test', '192.0.2.300');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('neither an address nor a log line that names an offender');
  });
});
