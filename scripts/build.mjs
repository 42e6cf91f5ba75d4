// Builds what runs: what scanners call and the shipped grammars (build/), the program a bundle (dist/).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist', '.inputs');

/** Builds unless everything that goes into the build is as it was at the last build. */
export async function build() {
  const stamp = digestOfInputs();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stderr.write('building mcblock\n');
  const { buildAssembly } = await import('./build-assembly.mjs');
  await buildAssembly();
  const { buildGrammars } = await import('./build-grammars.mjs');
  await buildGrammars();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await bundle();
  compileAhead();
  writeFileSync(stampFile, stamp);
}

/** Node has these loaded before it runs any program. */
const ALWAYS_THERE = new Set([
  'node:events',
  'node:fs',
  'node:module',
  'node:path',
  'node:process',
]);

/** What people and scripts call again and again; they need little of the program. */
export const QUICK_COMMANDS = ['add', 'allow', 'check', 'expire', 'show', 'undo'];

/**
 * The program in one file, as each further module costs a cold start a millisecond; once more with
 * the quick commands alone, as each 100 KB cost two; and what launches one of them. All are for
 * require, which Node is ready for sooner than for import.
 */
export async function bundle(dist = join(root, 'dist')) {
  // What V8 made of other bundles must not be taken for what it makes of these.
  for (const name of ['quick', 'whole']) rmSync(join(dist, `${name}.cjs.code`), { force: true });
  const { build: esbuild } = await import('esbuild');
  const common = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // bindings looks for the native part of better-sqlite3 beside itself.
    external: [
      '#grammars',
      '@redis/client',
      'bindings',
      'fastify',
      'mmdb-lib',
      'pg',
      'unbzip2-stream',
    ],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  };
  const forRequire = {
    ...common,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': '__filename', 'import.meta.dirname': '__dirname' },
    // Code that was kept cannot import, and the first import makes Node take 5 ms to be ready for it.
    supported: { 'dynamic-import': false },
  };
  const quickCommands = { QUICK_COMMANDS: JSON.stringify(QUICK_COMMANDS) };
  const plugins = [loadApart, loadNodeLate];
  await Promise.all([
    esbuild({
      ...forRequire,
      entryPoints: { launch: 'src/cli/launch.ts' },
      define: { ...forRequire.define, ...quickCommands },
    }),
    esbuild({ ...forRequire, entryPoints: { whole: 'src/cli/start.ts' }, plugins }),
    esbuild({
      ...forRequire,
      entryPoints: { quick: 'src/cli/start.ts' },
      plugins: [quickCommandsAlone, ...plugins],
    }),
    esbuild({ ...forRequire, entryPoints: { notation: 'grammar/notation/load.ts' } }),
  ]);
}

/** Without it the program starts later, and does the same. */
export function compileAhead(dist = join(root, 'dist')) {
  const script = fileURLToPath(new URL('compile-ahead.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script, dist], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.stderr.write('what V8 makes of the program was not kept\n');
}

const quickCommandsAlone = {
  name: 'quick commands alone',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/commands\/[a-z]+\.ts$/ }, ({ path }) =>
      QUICK_COMMANDS.includes(basename(path, '.ts')) ? undefined : { path, external: true },
    );
  },
};

/** The notation is large and seldom used: it is loaded where it is needed. */
const loadApart = {
  name: 'load apart',
  setup(bundler) {
    bundler.onResolve({ filter: /\/notation\/load\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './notation.cjs', external: true } : undefined,
    );
  },
};

/**
 * An import of one of Node's own modules would load it at the start, with all that it needs; so
 * each is loaded when something of it is first used.
 */
const loadNodeLate = {
  name: 'load node late',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === 'node' || ALWAYS_THERE.has(path)
        ? { path, external: true }
        : { path, namespace: 'node' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'node' }, async ({ path }) => ({
      contents: lateModule(path, Object.keys(await import(path))),
    }));
  },
};

function lateModule(path, names) {
  const list = JSON.stringify(names.filter((name) => name !== 'default'));
  return `for (const name of ${list})
  Object.defineProperty(exports, name, { enumerable: true, get: () => require(${JSON.stringify(path)})[name] });`;
}

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
