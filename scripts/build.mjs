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

/** One chunk for each command and what they share, so that a command loads only what it uses. */
async function bundle() {
  const { build: esbuild } = await import('esbuild');
  await esbuild({
    absWorkingDir: root,
    entryPoints: ['src/cli/start.ts'],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Those with native code or parts of their own that are seldom loaded stay packages.
    external: ['better-sqlite3', 'chevrotain', 'unbzip2-stream'],
    // commander is CommonJS and asks for Node's own modules by require.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    minifySyntax: true,
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
