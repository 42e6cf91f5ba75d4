// Bundles TypeScript that is run beside the program: the compiler of grammars, benchmarks, tests.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { textImports } from './text-imports.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = '\0entry.ts';

/**
 * Writes these lines of TypeScript and what they import to one ES module. They name their files from
 * the repository's root; packages are loaded from where the module lies.
 * @param {string} contents
 * @param {string} outfile
 */
export async function bundleTypeScript(contents, outfile) {
  await build({
    cwd: root,
    input: ENTRY,
    platform: 'node',
    external: /^@?[a-z][\w-]*(?:\/|$)/,
    transform: { target: 'node20' },
    plugins: [
      {
        name: 'entry',
        resolveId: (id, importer) =>
          id === ENTRY ? id : importer === ENTRY && id.startsWith('.') ? join(root, id) : undefined,
        load: (id) => (id === ENTRY ? { code: contents, moduleType: 'ts' } : undefined),
      },
      textImports,
    ],
    output: { file: outfile, format: 'esm', codeSplitting: false },
  });
}
