import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));

/**
 * What these lines of TypeScript export, which name their files from the repository's root on.
 * @param {string} contents
 * @param {string} folder where the bundle of it may lie while it is loaded; where packages are named
 *   it must be in the repository, which is where they are found
 */
export async function load(contents, folder = join(repository, 'build')) {
  const place = mkdtempSync(join(folder, 'load-'));
  const outfile = join(place, 'bundle.mjs');
  try {
    await build({
      stdin: { contents, resolveDir: repository, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['chevrotain'],
      logLevel: 'warning',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(place, { recursive: true });
  }
}
