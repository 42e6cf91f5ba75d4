// Installs the program for tests that run it: what its package contains, in a folder that every user
// may read. The checkout may be root's alone.
import { chmodSync, cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NATIVE_MODULE = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';

/** Gives the folder; the caller removes it. */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-installed-'));
  chmodSync(folder, 0o755);
  copyInto(folder);
  return folder;
}

export function copyInto(folder) {
  for (const path of ['bin', 'build', 'dist', 'packaging', 'package.json', NATIVE_MODULE]) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
}
