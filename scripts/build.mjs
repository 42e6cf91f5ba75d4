// Builds what runs: the shipped grammars become scanners (build/), the program a bundle (dist/).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist', '.inputs');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();

/** Builds unless everything that goes into the build is as it was at the last build. */
export async function build() {
  const stamp = digestOfInputs();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stderr.write('building mcblock\n');
  const { buildGrammars } = await import('./build-grammars.mjs');
  await buildGrammars();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await bundle();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/**
 * The program in one file, as each further module costs a cold start a millisecond or more; apart
 * from what is large and seldom used, which is loaded where it is needed.
 */
export async function bundle() {
  const { build: esbuild } = await import('esbuild');
  const apart = [
    { filter: /\/notation\/load\.ts$/, name: 'notation', entry: 'grammar/notation/load.ts' },
  ];
  const loadApart = {
    name: 'load apart',
    setup(bundler) {
      for (const { filter, name } of apart) {
        bundler.onResolve({ filter }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: `./${name}.js`, external: true } : undefined,
        );
      }
    },
  };
  // An import of Node's own modules would load them all at the start; a require where it stands.
  const loadNodeLate = {
    name: 'load node late',
    setup(bundler) {
      bundler.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
        kind === 'require-call' ? { path, external: true } : { path, namespace: 'node' },
      );
      bundler.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
    },
  };
  const entries = apart.map(({ name, entry }) => [name, entry]);
  await esbuild({
    absWorkingDir: root,
    entryPoints: { start: 'src/cli/start.ts', ...Object.fromEntries(entries) },
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [loadApart, loadNodeLate],
    // bindings looks for the native part of better-sqlite3 beside itself.
    external: [
      '#grammars',
      'bindings',
      'chevrotain',
      'fastify',
      'mmdb-lib',
      'pg',
      'redis',
      'unbzip2-stream',
    ],
    // commander and better-sqlite3 are CommonJS and ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
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
