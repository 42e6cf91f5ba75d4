import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleTypeScript } from '../scripts/bundle-typescript.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles and imports TypeScript code, whose imports are relative to the root of the repository.
 * @param {string} contents
 * @param {string} folder a folder for the bundle; in the repository if packages are imported
 */
export async function load(contents, folder = join(repository, 'build')) {
  const bundleFolder = mkdtempSync(join(folder, 'load-'));
  const outfile = join(bundleFolder, 'bundle.mjs');
  try {
    await bundleTypeScript(contents, outfile);
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(bundleFolder, { recursive: true });
  }
}
