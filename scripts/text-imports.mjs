// Imports of text: `FILE?raw` is the text of a file, `FILE?script` a module as a script for browsers.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';

const SUFFIX = /\?(raw|script)$/;

/** For rolldown, and for Vite, which has no `?script`. */
export const textImports = {
  name: 'text imports',
  enforce: 'pre',
  resolveId: {
    filter: { id: SUFFIX },
    handler: (id, importer) => join(dirname(importer), id),
  },
  load: {
    filter: { id: SUFFIX },
    async handler(id) {
      const [file, kind] = id.split('?', 2);
      const text = kind === 'raw' ? await readFile(file, 'utf8') : await scriptOf(file);
      return { code: `export default ${JSON.stringify(text)};`, moduleType: 'js' };
    },
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
