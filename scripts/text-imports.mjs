// Imports of text: `FILE?raw` is the text of a file, `FILE?script` a module as a script for browsers.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';

/** For rolldown, and for Vite, which has no `?script`. */
export const textImports = {
  name: 'text imports',
  enforce: 'pre',
  resolveId: (id, importer) =>
    /\?(raw|script)$/.test(id) ? join(dirname(importer), id) : undefined,
  async load(id) {
    const [file, kind] = id.split('?', 2);
    if (kind !== 'raw' && kind !== 'script') return undefined;
    const text = kind === 'raw' ? await readFile(file, 'utf8') : await scriptOf(file);
    return { code: `export default ${JSON.stringify(text)};`, moduleType: 'js' };
  },
};

async function scriptOf(file) {
  const { output } = await build({
    input: file,
    platform: 'browser',
    write: false,
    transform: { target: 'es2022' },
    output: { format: 'iife', minify: true, comments: false },
  });
  return output[0].code;
}
