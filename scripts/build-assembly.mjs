// Compiles AssemblyScript: grammar/fields -> build/fields.wasm.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const SOURCE = 'grammar/fields/index.ts';

/** Throws with what the compiler says of the sources. Writes the same bytes for the same sources. */
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

/** Never leaves half a file for a build that runs at the same time. */
function writeWhole(file, contents) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}
