import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { loadConfig } from '../../../src/cli/config/config.ts';
import { policyOf } from '../../../src/cli/config/policies.ts';
import { settingText } from '../../../src/cli/config/setting.ts';
import { SETTINGS } from '../../../src/cli/config/settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(text: string) {
  const file = join(folder, 'mcblock.toml');
  writeFileSync(file, text);
  return loadConfig(file, {});
}

describe('loadConfig', () => {
  it('has a default for every key', async () => {
    const config = await load('');
    expect(policyOf(config)).toEqual(DEFAULT_POLICY);
    expect(config.sourceOf('penalty.first')).toBe('default');
  });

  it('reads all forms of keys, with their lines', async () => {
    const config = await load(
      '# mine\ntimezone = "Europe/Berlin"\npenalty.first = "7d"\n\n[offence]\npoints = 50\n[trust]\ndays = 0\n',
    );
    expect(config.get('timezone')).toBe('Europe/Berlin');
    expect(policyOf(config)).toMatchObject({
      penalty: { firstSeconds: 7 * 86_400 },
      offence: { points: 50 },
      trust: { days: 0 },
    });
    expect(config.sourceOf('penalty.first')).toMatchObject({ line: 3 });
    expect(config.sourceOf('offence.points')).toMatchObject({ line: 6 });
    expect(config.sourceOf('trust.days')).toMatchObject({ line: 8 });
  });

  it.each([
    [
      '[penalty]\nfrist = "7d"\n',
      /mcblock\.toml:2: unknown key penalty\.frist; did you mean penalty\.first\?/,
    ],
    ['colour = "red"\n', /mcblock\.toml:1: unknown key colour/],
    ['[penalty]\n\nfirst = 7\n', /mcblock\.toml:3: penalty\.first must be a duration/],
    ['penalty.first = "30 days"\n', /:1: penalty\.first must be a duration in quotes/],
    ['[[penalty]]\nfirst = "1d"\n', /:1: penalty is a table: write \[penalty\]/],
    ['penalty = 3\n', /:1: penalty is a table: write \[penalty\]/],
    ['auto.length4 = 7\n', /auto\.length4 must be a whole number from 8 to 32/],
    ['auto.nat64 = ["2001:db8::/97"]\n', /auto\.nat64\[0\]:? must be an IPv6 prefix of 32, 40/],
    ['auto.nat64 = ["10.0.0.0/32"]\n', /auto\.nat64\[0\]:? must be an IPv6 prefix of 32, 40/],
    [
      'auto.nat64 = ["2001:db8::/32", "2001:db8:1::/96"]\n',
      /auto\.nat64:? must be prefixes that do not overlap/,
    ],
    ['[penalty]\nfirst = "7d\n', /mcblock\.toml:2:\d+: /],
    ['timezone = "Mars/Olympus"\n', /timezone must be an IANA time zone/],
    [
      '[penalty]\nfirst = "30d"\nlongest = "7d"\n',
      /mcblock\.toml:3: penalty\.longest .* shorter than penalty\.first/,
    ],
    ['[log]\nfile = "/a"\n', /mcblock\.toml:2: log is a list: write \[\[log\]\]/],
    ['log = 3\n', /:1: log must be a list/],
    [
      '[[log]]\nfile = "/a"\n\n[[log]]\nfiel = "/b"\n',
      /:4: log\[1\]: unknown key fiel; did you mean file\?/,
    ],
    ['[[log]]\n', /:1: log\[0\]: set either file or unit/],
    ['[[log]]\nfile = "/a"\nunit = "b"\n', /log\[0\]: set either file or unit/],
    ['[[log]]\nfile = "auth.log"\n', /log\[0\]\.file must be the absolute path of a log/],
    ['[[log]]\nfile = "/var/log/../a"\n', /log\[0\]\.file must be the absolute path/],
    ['[[log]]\nunit = "a b"\n', /log\[0\]\.unit must be a unit of systemd/],
    ['[[log]]\nunit = "*"\narchive = "old"\n', /log\[0\]\.archive: only files are rotated/],
    ['[[log]]\nfile = "/a"\nservices = "nginx"\n', /log\[0\]\.services must be a list/],
    [
      '[[rule]]\nname = "r"\nusers = ["unknown"]\npoints = 5\n',
      /:3: rule\[0\]\.users: \["unknown"\] is the user of that name; .* write users = "unknown"/,
    ],
  ])('refuses %j', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
    await expect(load(text)).rejects.toMatchObject({ code: 'config', exitCode: 2 });
  });

  it('reads the logs in [[log]]', async () => {
    const config = await load(
      '[[log]]\nfile = "/var/log/nginx/*.log"\nservices = ["nginx"]\narchive = "old"\n[[log]]\nunit = "ssh*.service"\n',
    );
    expect(config.get('log')).toEqual([
      { file: '/var/log/nginx/*.log', unit: '', services: ['nginx'], archive: 'old' },
      { file: '', unit: 'ssh*.service', services: [], archive: '' },
    ]);
    expect(settingText(SETTINGS.log, config.get('log'))).toBe(
      '[{ file = "/var/log/nginx/*.log", services = ["nginx"], archive = "old" },{ unit = "ssh*.service" }]',
    );
  });

  it('reports a named file that does not exist', async () => {
    await expect(loadConfig(join(folder, 'none.toml'), {})).rejects.toThrow(
      /none\.toml: no such file/,
    );
  });

  it.runIf(process.geteuid?.() === 0)(
    'refuses, as root, a file that others can write',
    async () => {
      const file = join(folder, 'mcblock.toml');
      writeFileSync(file, '');
      chmodSync(file, 0o664);
      await expect(loadConfig(file, {})).rejects.toThrow(
        `${file}: writable by others; run chmod go-w ${file}`,
      );
      chmodSync(file, 0o644);
      chownSync(file, 65_534, 65_534);
      await expect(loadConfig(file, {})).rejects.toThrow(
        `${file}: owned by another user than root; run chown root ${file}`,
      );
    },
  );

  it("reads the user's file by default", async () => {
    const config = await loadConfig(undefined, { XDG_CONFIG_HOME: folder });
    expect(config.file).toBeUndefined();
  });
});

describe('a key of an earlier version', () => {
  it.each([
    ['size-limit = "8G"', 'decompress.size-limit'],
    ['decompressor = "bzip2"', 'decompress.program'],
  ])('is refused although a list has its name now: %s', async (key, name) => {
    await expect(load(`[log]\n${key}\n`)).rejects.toThrow(`is now ${name}`);
  });

  it('is refused with the name that replaces it', async () => {
    await expect(load('[bell]\naddress = "redis.example.net:6379"\n')).rejects.toThrow(
      'mcblock.toml:2: bell.address is now pubsub.address',
    );
  });
});
