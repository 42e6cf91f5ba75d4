// Reads a rotated auth.log into a temporary store, and shows the entries and the pf table.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await setup({ tests: false });

const scratch = mkdtempSync(join(tmpdir(), 'mcblock-demo-'));
try {
  const log = 'fixtures/auth.log.0.bz2';
  // The log is of March 2026; the clock is set to the day after its last line.
  const common = ['--db', join(scratch, 'demo.db'), '--now', '2026-03-24T00:00:00Z'];
  for (const [args, shown] of [
    [['grok', '--year', '2026', log], `grok ${log}`],
    [['show'], 'show'],
    [['emit'], 'emit'],
  ]) {
    process.stdout.write(`\n$ mcblock ${shown}\n`);
    const [command, ...rest] = args;
    const done = spawnSync(process.execPath, ['bin/mcblock.js', command, ...common, ...rest], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (done.status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
