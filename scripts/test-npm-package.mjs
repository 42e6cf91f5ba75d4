// Installs what "npm pack" makes, as root for all users, below a folder of its own. Needs root and npm's
// registry. Run by "npm run package -- --test".
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Throws if anything fails. */
export function testNpmPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-npm-'));
  chmodSync(folder, 0o755);
  const output = (program, ...args) =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
  try {
    process.stderr.write('npm pack\n');
    const sources = fileURLToPath(new URL('..', import.meta.url));
    const archive = output('npm', 'pack', '--pack-destination', folder, sources).trim();
    process.stderr.write('npm install\n');
    const options = ['--global', '--prefix', folder, '--allow-scripts=better-sqlite3'];
    output('npm', 'install', ...options, join(folder, basename(archive.split('\n').at(-1))));
    const nobody = [
      '--reuid=nobody',
      '--regid=nogroup',
      '--clear-groups',
      'env',
      'HOME=/nonexistent',
    ];
    const mcblock = (...args) =>
      output('setpriv', ...nobody, join(folder, 'bin', 'mcblock'), ...args);
    assert.match(mcblock('--help'), /^Usage: mcblock/);
    const store = mkdtempSync(join(tmpdir(), 'mcblock-nobody-'));
    chmodSync(store, 0o777);
    mcblock('--db', join(store, 'mcblock.db'), 'add', '198.18.7.1');
    assert.match(mcblock('--db', join(store, 'mcblock.db'), 'show'), /198\.18\.7\.1 +active/);
    rmSync(store, { recursive: true });
    assert.ok(existsSync(join(folder, 'share/man/man8/mcblock.8')));
    const program = join(folder, 'lib/node_modules/mcblock');
    assert.ok(existsSync(join(program, 'packaging/systemd/mcblock-watch.service')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
