import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));

/**
 * What these lines of TypeScript export, which name their files from the repository's root on.
 * @param {string} contents
 * @param {string} folder where the bundle of it may lie
 */
export async function load(contents, folder) {
  const outfile = join(mkdtempSync(join(folder, 'load-')), 'bundle.mjs');
  await build({
    stdin: { contents, resolveDir: repository },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}
