import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../../src/cli/config/config.ts';
import { rulesForLogs } from '../../../src/cli/policy/policy-rules.ts';
import { Host } from '../../../src/engine/host/host.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { CommandLine } from '../../support/command-line.ts';

const scanners = await loadScanners('');

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

/** Why the rule is refused; undefined if it is not. */
async function reasonFor(rule: string): Promise<string | undefined> {
  const file = line.path('mcblock.toml');
  writeFileSync(file, `[[rule]]\nname = "r"\n${rule}\n`);
  const config = await loadConfig(file, {});
  try {
    rulesForLogs(config, scanners, true, new Host());
    return undefined;
  } catch (error) {
    return String(error).replace(`McblockError: ${file}:1: rule r: `, '');
  }
}

it.each([
  ['origins = ["manual"]\nignore = true', 'its ignore can never apply: it is for grok and pf'],
  ['origins = ["fleet"]\nlength4 = 20', 'its length4 can never apply: it is for grok and pf'],
  ['origins = ["import"]\nwindow = "7d"', 'its window can never apply: it is for grok'],
  ['origins = ["pf"]\npoints = 20', 'its points can never apply: it is for grok'],
  [
    'origins = ["bogon"]\npenalty = "7d"',
    'its penalty can never apply: it is for grok, manual, pf, fleet and import',
  ],
  [
    'origins = ["bogon"]\nnotify = true',
    'its notify can never apply: it is for grok, manual, pf, fleet and import',
  ],
  [
    'origins = ["pf"]\nusers = ["root"]\nignore = true',
    'can never apply: only events of the origin grok name users, services and messages',
  ],
  [
    'origins = ["pf"]\ndistinct-services = 2\nignore = true',
    'can never apply: only events of the origin grok name users, services and messages',
  ],
  ['origins = ["manual"]\nhours = "01:00-02:00"\nnotify = true', 'can never apply: only events'],
  [
    'services = ["probe"]\nusers = ["root"]\npoints = 5',
    'can never apply: none of its messages names a user',
  ],
  [
    'messages = ["sshd.no-identification", "probe.tcp/23"]\nusers = "unknown"\npoints = 5',
    'can never apply: none of its messages names a user',
  ],
  ['distinct-services = 900\npoints = 5', 'can never apply: there are only'],
  ['prefixes = ["2001:db8::/32"]\nlength4 = 20', 'its length4 can never apply: no prefix is IPv4'],
])('A rule that can never apply is refused: %s', async (rule, reason) => {
  expect(await reasonFor(rule)).toContain(reason);
});

it.each([
  ['sshd.faild-login', 'unknown message sshd.faild-login; did you mean sshd.failed-login?'],
  ['nsd.denied', 'unknown message nsd.denied; docs/services.md lists those of each service'],
  ['sshd.failed', 'unknown message sshd.failed; did you mean sshd.failed-login?'],
  ['ssdh.failed-login', 'unknown message ssdh.failed-login; did you mean sshd.failed-login?'],
])('A message that does not exist is refused, with those that do: %s', async (message, reason) => {
  expect(await reasonFor(`messages = ["${message}"]\npoints = 5`)).toBe(reason);
});

it.each([
  ['users = ["root", "admin"]', 'users = ["root"]'],
  ['users = ["r*"]', 'users = ["ro*", "r"]'],
  ['users = ["*"]', 'users = "known"'],
  ['hosts = ["web*"]', 'hosts = ["web1"]'],
  ['hours = "20:00-06:00"', 'hours = "21:00-05:00"'],
  ['hours = "20:00-06:00"', 'hours = "00:00-06:00"'],
  ['origins = ["grok", "pf"]\nactivations = 1', 'activations = 2'],
])('A rule is refused if one before it fits whenever it does: %s, %s', async (wide, narrow) => {
  const reason = await reasonFor(
    `${wide}\npoints = "x2"\n[[rule]]\nname = "s"\n${narrow}\npoints = 30`,
  );
  expect(reason).toContain(
    'rule s: its points can never apply: rule r before it always applies first',
  );
});

/** A rule that ignores addresses, and one with a penalty for some of them under this condition. */
function ignoringRule(condition: string): string {
  return `prefixes = ["192.0.2.0/24"]\nignore = true\n[[rule]]\nname = "s"
prefixes = ["192.0.2.0/25"]\n${condition}penalty = "60d"`;
}

it('A rule that ignores an address leaves penalties of other origins to those after it', async () => {
  expect(await reasonFor(ignoringRule(''))).toBeUndefined();
  expect(await reasonFor(ignoringRule('origins = ["pf"]\n'))).toContain(
    'rule s: its penalty can never apply: rule r before it always applies first',
  );
});

it.each([
  ['users = ["root"]', 'users = ["root", "admin"]'],
  ['users = ["ro*"]', 'users = ["r*"]'],
  ['users = ["root"]', 'users = "known"'],
  ['users = "known"', 'users = "unknown"\nknown-users = ["root"]'],
  ['hosts = ["web1"]', 'hosts = ["web*"]'],
  ['hours = "20:00-06:00"', 'hours = "21:00-06:01"'],
  ['hours = "21:00-05:00"', 'hours = "05:00-21:00"'],
])('One that may fit without it is not: %s, %s', async (first, second) => {
  const reason = await reasonFor(
    `${first}\npoints = "x2"\n[[rule]]\nname = "s"\n${second}\npoints = 30`,
  );
  expect(reason).toBeUndefined();
});

it.each([
  'origins = ["grok"]\npoints = "x2"',
  'origins = ["grok", "pf"]\nignore = true',
  'hours = "00:00-24:00"\npoints = "x2"',
])('A rule that always applies is refused: %s', async (rule) => {
  expect(await reasonFor(rule)).toContain('always applies');
});

/** So many rules, each about another user, and the beginning of one more. */
function userRules(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `users = ["u${index}"]\npoints = 5\n[[rule]]\nname = "r${index}"\n`,
  ).join('');
}

it('More than twelve different conditions on users are refused, with what to do', async () => {
  expect(await reasonFor(`${userRules(12)}users = ["u1"]\nnotify = true`)).toBeUndefined();
  expect(await reasonFor(`${userRules(12)}users = ["u12"]\npoints = 5`)).toContain(
    'rule r11: more than 12 different lists of users; give rules the same list where you can',
  );
});

it.each([
  'origins = ["pf", "manual"]\nignore = true',
  'origins = ["pf"]\nhours = "01:00-02:00"\nignore = true',
  'origins = ["pf"]\nlength4 = 20',
  'origins = ["grok", "pf"]\nlength4 = 20',
  'origins = ["fleet"]\nnotify = true',
  'prefixes = ["64:ff9b::/96"]\nlength4 = 20',
  'prefixes = ["::/1"]\nlength4 = 20',
  'services = ["probe", "sshd"]\nusers = ["root"]\npoints = 5',
  'messages = ["sshd.no-identification"]\ndistinct-users = 3\npoints = 5',
  'messages = ["http-access.exploit"]\nusers = ["admin"]\npoints = 5',
])('A rule that may apply is not: %s', async (rule) => {
  expect(await reasonFor(rule)).toBeUndefined();
});
