import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

async function faultOf(config: string, ...options: string[]): Promise<string> {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, config);
  const { exitCode, stderr } = await line.run('probe', ...options);
  expect(exitCode).not.toBe(0);
  return stderr;
}

it('names the key for the ports if there are none', async () => {
  expect(await faultOf('')).toContain('set probe.ports, such as [23, 445, 3389]');
});

it('refuses what is no port, and more ports than select(2) takes', async () => {
  expect(await faultOf('[probe]\nports = [0]\n')).toContain('probe.ports');
  expect(await faultOf('[probe]\nredirect = 65536\n')).toContain('probe.redirect');
  const many = Array.from({ length: 401 }, (_, index) => index + 1);
  expect(await faultOf(`[probe]\nports = [${many.join(', ')}]\n`)).toContain('probe.ports');
});

it('refuses a user beside --as-root', async () => {
  const config = '[probe]\nports = [23]\nuser = "nobody"\n';
  expect(await faultOf(config, '--as-root')).toContain('probe.user is nobody; unset it');
});

it.skipIf(process.geteuid?.() !== 0)('refuses to run as root unless told to', async () => {
  expect(await faultOf('[probe]\nports = [23]\n')).toContain('set probe.user');
});

function rule(condition: string): string {
  return `[probe]\nports = []\n[[rule]]\nname = "own scanner"\n${condition}\nignore = true\n`;
}

it('takes rules about its ports, and refuses those about what is no port', async () => {
  for (const condition of [
    'services = ["probe"]',
    'messages = ["probe.tcp/23", "probe.tcp"]',
    'kinds = ["sign"]',
  ]) {
    writeFileSync(line.path('rules.toml'), rule(condition));
    const { stderr } = await line.run('--config', line.path('rules.toml'), 'config', 'check');
    expect(stderr).toContain('rules.toml: OK');
  }
  writeFileSync(line.path('rules.toml'), rule('messages = ["probe.tcp/65536"]'));
  const { stderr } = await line.run('--config', line.path('rules.toml'), 'config', 'check');
  expect(stderr).toContain('unknown message probe.tcp/65536');
});
