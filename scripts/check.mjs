// All checks: types, lint, names, format, unused code, package, tests.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
await setup({ tests: true });

const STEPS = [
  ['types', 'tsc', ['--noEmit', '-p', '.']],
  ['types of the status page', 'tsc', ['--noEmit', '-p', 'src/fleet/pubsub/page']],
  ["types of the administrators' page", 'tsc', ['--noEmit', '-p', 'src/fleet/admin-page']],
  [
    'lint',
    'oxlint',
    ['--type-aware', '--deny-warnings', 'src', 'grammar', 'test', 'bench', 'scripts', 'bin'],
  ],
  ['names', process.execPath, ['scripts/check-names.mjs']],
  ['format', 'biome', ['check', '.']],
  ['unused code', 'knip', []],
  ['package', 'publint', ['--strict']],
  ['tests', 'vitest', ['run', '--coverage']],
];

const failed = STEPS.filter(([name, command, args]) => {
  process.stdout.write(`\n== ${name}\n`);
  return spawnSync(resolve(bin, command), args, { cwd: root, stdio: 'inherit' }).status !== 0;
}).map(([name]) => name);

process.stdout.write(
  failed.length === 0 ? '\nall checks passed\n' : `\nfailed: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
