// Builds what runs: the WebAssembly modules and the shipped grammars (build/), the program (dist/).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'build', '.inputs');
const program = join(root, 'dist', 'mcblock.cjs');

/** Builds unless the inputs are those of the last build. */
export async function build() {
  const stamp = digestOfInputs();
  if (existsSync(program) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
    return;
  }
  process.stderr.write('building mcblock\n');
  const { buildAssembly } = await import('./build-assembly.mjs');
  await buildAssembly();
  const { buildGrammars } = await import('./build-grammars.mjs');
  await buildGrammars();
  await bundle();
  writeFileSync(stampFile, stamp);
}

/**
 * CommonJS, which Node starts sooner than ES modules. Each file that is loaded costs about a
 * millisecond: all static imports of the entry point are one file, and each dynamic import is a file
 * of its own.
 */
async function bundle() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { build: rolldown } = await import('rolldown');
  await rolldown({
    cwd: root,
    input: { mcblock: 'src/cli/start.ts' },
    platform: 'node',
    // bindings searches for the native module of better-sqlite3 from its own folder upwards.
    external: [
      '#grammars',
      '@redis/client',
      'bindings',
      'fastify',
      'mmdb-lib',
      'pg',
      /^unbzip2-stream/,
    ],
    transform: { target: 'node20', define: { 'import.meta.url': '__filename' } },
    plugins: [withoutChildProcess],
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      dynamicImportInCjs: false,
      codeSplitting: { groups: [{ name: 'core', tags: ['$initial'] }] },
      comments: false,
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    },
  });
}

/** commander needs it only for subcommands that are separate executables. Saves 8 ms at every start. */
const withoutChildProcess = {
  name: 'commander without child_process',
  resolveId: (id, importer) =>
    id === 'node:child_process' && importer?.includes('/commander/') ? '\0empty' : undefined,
  load: (id) => (id === '\0empty' ? '' : undefined),
};

function digestOfInputs() {
  const hash = createHash('sha256');
  const files = ['package.json', 'package-lock.json'];
  for (const folder of ['src', 'grammar', 'scripts']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) files.push(join(file.parentPath, file.name).slice(root.length));
    }
  }
  for (const file of files.toSorted()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
