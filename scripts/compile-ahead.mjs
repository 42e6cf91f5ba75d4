// compile-ahead.mjs DIST: keeps what V8 makes of the bundles in DIST beside them, so that a cold start
// need not make it again. Of what is run that is all of its code, of the rest where functions begin and
// end. In a process of its own, as it does what the bundles do.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dist = process.argv[2];
const { codeFileOf, compileBundle, runBundle } = createRequire(import.meta.url)(
  join(dist, 'launch.cjs'),
);

/**
 * What is called most, and so should start soonest. Nothing of the whole program: with the code of
 * grok at hand from the start V8 takes 40 MiB more for a large log.
 */
const LINES = {
  'quick.cjs': [
    ['add', '--force', '192.0.2.0/24'],
    ['check', '192.0.2.1'],
    ['show'],
    ['show', '192.0.2.1'],
  ],
  'whole.cjs': [],
};

const scratch = mkdtempSync(join(tmpdir(), 'mcblock-build-'));
try {
  const config = join(scratch, 'mcblock.toml');
  writeFileSync(config, '');
  for (const [name, lines] of Object.entries(LINES)) {
    const file = join(dist, name);
    const script = compileBundle(file);
    const { start } = runBundle(file, script);
    for (const line of lines) {
      const common = ['--db', join(scratch, 'mcblock.db'), '--config', config];
      process.argv.splice(2, Infinity, ...common, ...line);
      await start();
      if (process.exitCode !== 0) throw new Error(`mcblock ${line.join(' ')} fails`);
    }
    const code = codeFileOf(file);
    writeFileSync(`${code}.${process.pid}`, script.createCachedData());
    renameSync(`${code}.${process.pid}`, code);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
