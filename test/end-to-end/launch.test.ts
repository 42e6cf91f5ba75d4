import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import type * as launcher from '../../src/cli/launch.ts';

const repository = join(import.meta.dirname, '..', '..');
const { bundle, compileAhead, QUICK_COMMANDS } = (await import(
  join(repository, 'scripts', 'build.mjs')
)) as {
  readonly bundle: (dist: string) => Promise<void>;
  readonly compileAhead: (dist: string) => void;
  readonly QUICK_COMMANDS: readonly string[];
};
const root = mkdtempSync(join(tmpdir(), 'mcblock-launch-'));
const db = join(root, 'mcblock.db');
const bin = join(root, 'bin', 'mcblock.js');
const config = join(root, 'mcblock.toml');
const table = join(root, 'table');

/** What is installed, built from the sources as they stand. */
beforeAll(async () => {
  for (const name of ['bin', 'package.json', 'build']) {
    cpSync(join(repository, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, 'dist'));
  await bundle(join(root, 'dist'));
  compileAhead(join(root, 'dist'));
  writeFileSync(config, `[firewall]\nkind = "file"\nfile = "${table}"\n`);
  writeFileSync(join(root, 'spy.cjs'), SPY);
  mcblock('add', '--force', '192.0.2.0/24');
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes what was loaded on top of what Node itself had loaded before. */
const SPY = `
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  const own = process.moduleLoadList.filter((name) => !before.has(name));
  require('node:fs').writeFileSync(process.env.SPY_FILE, JSON.stringify({ files, own }));
});`;

const command = [bin, '--db', db, '--config', config];

function mcblock(...argv: string[]): string {
  return execFileSync(process.execPath, [...command, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The same with so little virtual memory that WebAssembly cannot have its usual room. */
function limited(env: NodeJS.ProcessEnv, ...argv: string[]) {
  const limit = 'ulimit -v 4000000 && exec "$@"';
  return spawnSync('/bin/sh', ['-c', limit, 'sh', process.execPath, ...command, ...argv], {
    encoding: 'utf8',
    env,
  });
}

/** The files and the modules of Node that a command loads. */
function loadedBy(...argv: string[]): { files: string[]; own: string[] } {
  const file = join(root, 'loaded.json');
  execFileSync(process.execPath, ['-r', join(root, 'spy.cjs'), ...command, ...argv], {
    env: { ...process.env, SPY_FILE: file },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { files, own } = JSON.parse(readFileSync(file, 'utf8'));
  return { files: files.map((path: string) => basename(path)), own };
}

describe('a cold start', () => {
  it.each(['add 192.0.2.0/24 --force', 'check 192.0.2.1', 'show', 'show 192.0.2.1'])(
    'of %s loads four files, and of Node next to nothing',
    (line) => {
      const { files, own } = loadedBy(...line.split(' '));
      expect(files).toEqual(['mcblock.js', 'launch.cjs', 'quick.cjs', 'better_sqlite3.node']);
      // Each of these brings many others along and costs milliseconds.
      const heavy = /^NativeModule (child_process|crypto|https?|net|stream|tls|tty|zlib)$/;
      expect(own.filter((name) => heavy.test(name))).toEqual([]);
      expect(own.length).toBeLessThan(10);
    },
  );

  it('of the help opens no store', () => {
    const { files } = loadedBy('--help');
    expect(files).toEqual(['mcblock.js', 'launch.cjs', 'quick.cjs']);
  });
});

describe('what V8 made of the program at the build', () => {
  const load = createRequire(import.meta.url);

  it.each(['quick.cjs', 'whole.cjs'])('of %s is taken', (name) => {
    const launched = load(join(root, 'dist', 'launch.cjs')) as typeof launcher;
    const file = join(root, 'dist', name);
    const code = readFileSync(launched.codeFileOf(file));
    expect(launched.compileBundle(file, code).cachedDataRejected).toBe(false);
  });

  it('is not needed, and that of another V8 is not taken', () => {
    const code = join(root, 'dist', 'quick.cjs.code');
    const kept = readFileSync(code);
    writeFileSync(code, 'of another');
    expect(mcblock('check', '192.0.2.1')).toContain('is blocked');
    rmSync(code);
    expect(mcblock('check', '192.0.2.1')).toContain('is blocked');
    writeFileSync(code, kept);
  });
});

describe('what is launched', () => {
  it.each(COMMANDS.map(({ name }) => name))('has %s', (name) => {
    expect(mcblock(name, '--help')).toContain(`mcblock ${name}`);
    const { files } = loadedBy(name, '--help');
    expect(files).toContain(QUICK_COMMANDS.includes(name) ? 'quick.cjs' : 'whole.cjs');
  });

  it('has the firewall for the quick commands', () => {
    mcblock('add', '--force', '--apply', '198.51.100.0/24');
    expect(readFileSync(table, 'utf8')).toContain('198.51.100.0/24');
  });

  it('knows its errors in either program', () => {
    for (const argv of [
      ['add', '--share', '203.0.113.0/24'],
      ['show', '--fleet'],
      ['explain', 'nobody'],
      ['nothing'],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, [...command, ...argv], {
        encoding: 'utf8',
      });
      expect(stderr).toMatch(/^mcblock: (?!this should not)/);
      expect(status).toBe(2);
    }
  });

  it.runIf(process.platform === 'linux')(
    'says what to do where too little virtual memory is allowed to read logs',
    () => {
      const log = join(root, 'auth.log');
      writeFileSync(log, 'Mar 19 23:48:18 gw sshd[1]: Invalid user a from 192.0.2.7 port 1\n');
      expect(limited(process.env, 'check', '192.0.2.1').status).toBe(0);
      const refused = limited(process.env, 'grok', '--dry-run', log);
      expect(refused.stderr).toMatch(/^mcblock: the limit on virtual memory .*ulimit -v/);
      expect(refused.status).toBe(1);
      const [, cure = ''] = /NODE_OPTIONS=(\S+?),/.exec(refused.stderr) ?? [];
      const cured = limited({ ...process.env, NODE_OPTIONS: cure }, 'grok', '--dry-run', log);
      expect(cured.stdout).toContain('1 offence');
    },
  );

  it('finds the shipped grammars and the notation of others', () => {
    const log = join(root, 'auth.log');
    writeFileSync(
      log,
      'Mar 19 12:00:01 gw sshd[1]: Failed password for root from 5.149.96.9 port 9 ssh2\n',
    );
    expect(mcblock('parse', '--year', '2026', log)).toContain('5.149.96.9');
    const grammar = join(root, 'sshd.grammar');
    cpSync(join(repository, 'grammar', 'sshd.grammar'), grammar);
    expect(mcblock('grammar', 'check', grammar)).toContain('sshd');
  });
});
