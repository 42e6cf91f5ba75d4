import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { program } from '../support/program.ts';

const root = mkdtempSync(join(tmpdir(), 'mcblock-start-'));
const db = join(root, 'mcblock.db');
const config = join(root, 'mcblock.toml');
const table = join(root, 'table');
const command = [program, '--db', db, '--config', config];

beforeAll(() => {
  writeFileSync(config, `[firewall]\nkind = "file"\nfile = "${table}"\n`);
  mcblock('add', '--force', '192.0.2.0/24');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function mcblock(...argv: string[]): string {
  return execFileSync(process.execPath, [...command, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs mcblock with too little virtual memory for WebAssembly's usual reservation. */
function limited(env: NodeJS.ProcessEnv, ...argv: string[]) {
  const limit = 'ulimit -v 4000000 && exec "$@"';
  return spawnSync('/bin/sh', ['-c', limit, 'sh', process.execPath, ...command, ...argv], {
    encoding: 'utf8',
    env,
  });
}

/** Runs mcblock with its outputs to somewhere else. Returns the exit code. */
function to(outputs: string, ...argv: string[]): number {
  const script = `{ "$@"; echo $? >${root}/code; } ${outputs}`;
  const words = ['-c', script, 'sh', process.execPath, ...command, ...argv];
  execFileSync('/bin/sh', words, { stdio: 'ignore' });
  return Number(readFileSync(join(root, 'code'), 'utf8'));
}

describe('the installed program', () => {
  it.each(COMMANDS.map(({ name }) => name))('prints the help of %s', (name) => {
    expect(mcblock(name, '--help')).toContain(`mcblock ${name}`);
  });

  it('applies to the firewall', () => {
    mcblock('add', '--force', '--apply', '198.51.100.0/24');
    expect(readFileSync(table, 'utf8')).toContain('198.51.100.0/24');
  });

  it.each(['add --share 203.0.113.0/24', 'show --fleet', 'explain nobody', 'nothing'])(
    'reports the wrong use of %s as such',
    (line) => {
      const { status, stderr } = spawnSync(process.execPath, [...command, ...line.split(' ')], {
        encoding: 'utf8',
      });
      expect(stderr).toMatch(/^mcblock: (?!internal error)/);
      expect(status).toBe(2);
    },
  );

  it.each([
    ['that nobody reads', '2>&1 | true', 0],
    ['for which the disk has no room', '>/dev/full', 1],
  ])('finishes what it changes with an output %s', (_, outputs, code) => {
    const logs = ['45.7.1.9', '45.7.2.9', '45.7.3.9'].map((address, index) => {
      const log = join(root, `log${index}`);
      const failures = [1, 2, 3].map(
        (n) =>
          `2026-03-24T00:00:0${n}Z gw sshd[${index}${n}]: Failed password for root from ${address} port 4711 ssh2\n`,
      );
      writeFileSync(log, failures.join(''));
      return log;
    });
    expect(to(outputs, 'grok', '--again', '--now', '2026-03-24', ...logs)).toBe(code);
    expect(mcblock('show', '--count', '--now', '2026-03-24', '--origin', 'grok')).toBe('3\n');
    expect(to(outputs, 'add', '45.7.1.9', '--for', '1y', '--exact')).toBe(code);
    expect(readFileSync(table, 'utf8')).toContain('45.7.1.9');
    expect(to(outputs, 'expire', '45.7.1.9')).toBe(code);
    expect(readFileSync(table, 'utf8')).not.toContain('45.7.1.9');
  });

  it.each([
    [0, ['show']],
    [1, ['forget', '--yes', '45.8.8.8']],
    [2, ['nothing']],
    [2, ['add', 'nobody']],
  ])('exits with %i though nobody reads what it says: %j', (code, argv) => {
    expect(to('2>&1 | true', ...argv)).toBe(code);
  });

  it('says so if it is not built', () => {
    const copy = join(root, 'clone');
    cpSync(join(program, '..'), join(copy, 'bin'), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'bin/mcblock.js'), 'show'], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^mcblock is not built: run npm/)]);
  });

  it.each(['v0.12.18', 'v18.19.0', 'v20.18.3'])('refuses Node.js %s', (version) => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version.slice(1)}' });
      Object.defineProperty(process, 'version', { value: '${version}' });
      require(${JSON.stringify(program)});`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', pretend], { encoding: 'utf8' });
    expect(stderr).toBe(
      `mcblock needs Node.js 20.19 or later; this is ${version}\n` +
        'for Debian 12 and Ubuntu 24.04, deb.nodesource.com has it: see docs/install.md\n',
    );
    expect(status).toBe(1);
  });

  it.runIf(process.platform === 'linux')(
    'reads logs if virtual memory is limited, or says what to do',
    () => {
      const log = join(root, 'auth.log');
      writeFileSync(log, 'Mar 19 23:48:18 gw sshd[1]: Invalid user a from 192.0.2.7 port 1\n');
      expect(limited(process.env, 'check', '192.0.2.1').status).toBe(0);
      const refused = limited(process.env, 'grok', '--dry-run', log);
      // Newer versions of Node reserve less.
      if (refused.status === 0) return;
      expect(refused.stderr).toMatch(/^mcblock: the limit on virtual memory .*ulimit -v/);
      expect(refused.status).toBe(1);
      const [, cure = ''] = /NODE_OPTIONS=(\S+?),/.exec(refused.stderr) ?? [];
      const cured = limited({ ...process.env, NODE_OPTIONS: cure }, 'grok', '--dry-run', log);
      expect(cured.stdout).toContain('1 offence');
    },
  );

  it("finds the shipped grammars and compiles the user's own", () => {
    const log = join(root, 'auth.log');
    writeFileSync(
      log,
      'Mar 19 12:00:01 gw sshd[1]: Failed password for root from 5.149.96.9 port 9 ssh2\n',
    );
    expect(mcblock('parse', '--year', '2026', log)).toContain('5.149.96.9');
    const grammar = join(import.meta.dirname, '..', '..', 'grammar', 'sshd.grammar');
    expect(mcblock('grammar', 'check', grammar)).toContain('sshd');
  });
});
