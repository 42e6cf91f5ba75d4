// Builds the WebAssembly modules and the shipped grammars (build/), the program and the library (dist/).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Each is built again only where its inputs are not those of its last build. */
const PARTS = [
  {
    name: 'the grammars',
    output: join(root, 'build', 'grammars.cjs'),
    inputs: ['grammar', 'scripts', 'src/net', 'src/errors.ts'],
    make: async () => {
      const { buildAssembly } = await import('./build-assembly.mjs');
      await buildAssembly();
      const { buildGrammars } = await import('./build-grammars.mjs');
      await buildGrammars();
    },
  },
  {
    name: 'the program',
    output: join(root, 'dist', 'mcblock.cjs'),
    inputs: ['grammar', 'scripts', 'src'],
    make: bundle,
  },
  {
    name: 'the library',
    output: join(root, 'dist', 'lib', 'engine.js'),
    inputs: ['grammar', 'scripts', 'src', 'tsconfig.json', 'tsconfig.library.json'],
    make: async () => {
      const { buildLibrary } = await import('./build-library.mjs');
      await buildLibrary();
    },
  },
];

export async function build() {
  for (const { name, output, inputs, make } of PARTS) {
    const stampFile = join(root, 'build', `.${basename(output)}.inputs`);
    const stamp = digestOf(inputs);
    const isBuilt = existsSync(output) && existsSync(stampFile);
    if (isBuilt && readFileSync(stampFile, 'utf8') === stamp) continue;
    process.stderr.write(`building ${name}\n`);
    await make();
    writeFileSync(stampFile, stamp);
  }
}

/**
 * CommonJS, which Node starts sooner than ES modules. Each file that is loaded costs about a
 * millisecond: all static imports of the entry point are one file, and each dynamic import is a file
 * of its own.
 */
async function bundle() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { build: rolldown } = await import('rolldown');
  const { textImports } = await import('./text-imports.mjs');
  await rolldown({
    cwd: root,
    input: { mcblock: 'src/cli/start.ts' },
    platform: 'node',
    // The entry point may export what other files use: else it gets a second file, full of getters.
    preserveEntrySignatures: 'allow-extension',
    // better-sqlite3 is given its native module, and does not call bindings to search for it.
    external: ['#grammars', 'bindings', 'pg-native'],
    transform: { target: 'node20', define: { 'import.meta.url': '__filename' } },
    plugins: [textImports, withoutChildProcess, withoutModule],
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      dynamicImportInCjs: false,
      codeSplitting: {
        groups: [
          { name: 'mcblock', tags: ['$initial'], priority: 1 },
          // Each with all that it imports and none before it has: else there is a file for each set of
          // commands that share some, and each use of what another file exports calls a getter, which
          // takes a tenth of the time of grok.
          { name: 'add', test: /commands\/add\.ts$/ },
          { name: 'store', test: /store\/store\.ts$/ },
          { name: 'rules', test: /(?:commands\/(?:emit|apply)|process\/run-program)\.ts$/ },
          { name: 'grok', test: /commands\/grok\.ts$/ },
        ],
      },
      comments: false,
      // Node compiles the program at each start. Names of functions and classes are for stack traces.
      minify: { compress: true, mangle: { keepNames: { function: true, class: true } } },
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

/** The bundle is CommonJS and has a `require`; node:module would load Node's loader of ES modules. */
const withoutModule = {
  name: 'require without node:module',
  resolveId: (id) => (id === 'node:module' ? '\0module' : undefined),
  load: (id) => (id === '\0module' ? 'export const createRequire = () => require;' : undefined),
};

/** Of the files and folders, and of what the package depends on. */
function digestOf(inputs) {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', ...inputs].flatMap(filesIn)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesIn(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
