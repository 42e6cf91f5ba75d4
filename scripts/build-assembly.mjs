// Compiles AssemblyScript: grammar/fields -> build/fields.wasm.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeWhole } from './write-whole.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const SOURCE = 'grammar/fields/index.ts';

/** Throws with the compiler's messages. The same sources give the same bytes. */
export async function buildAssembly(to = join(root, 'build')) {
  const { default: asc } = await import('assemblyscript/asc');
  writeWhole(join(to, 'fields.wasm'), await compile(asc));
}

async function compile(asc) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      SOURCE,
      '--baseDir',
      root,
      '--outFile',
      'module.wasm',
      '--optimizeLevel',
      '3',
      '--converge',
      '--runtime',
      'stub',
      '--noAssert',
      '--importMemory',
      '--noExportMemory',
    ],
    {
      writeFile: (_, contents) => {
        binary = contents;
      },
    },
  );
  if (error) throw new Error(`${SOURCE} is not built:\n${stderr}`, { cause: error });
  return binary;
}
