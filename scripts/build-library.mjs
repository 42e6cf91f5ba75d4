// Builds the library: an ES module and type declarations for each folder that package.json exports.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MODULES = ['net', 'blocklist', 'log', 'store', 'engine'];

export async function buildLibrary() {
  const { build: rolldown } = await import('rolldown');
  const { textImports } = await import('./text-imports.mjs');
  await rolldown({
    cwd: root,
    input: Object.fromEntries(MODULES.map((name) => [name, `src/${name}/index.ts`])),
    platform: 'node',
    // The database, which is native, and the grammars are loaded when the library is.
    external: /^(?:#|better-sqlite3(?:\/|$)|node:)/,
    transform: { target: 'node20' },
    plugins: [textImports],
    output: {
      dir: 'dist/lib',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  });
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  const { status } = spawnSync(compiler, ['-p', 'tsconfig.library.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the type declarations could not be made');
}
