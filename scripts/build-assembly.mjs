// Compiles AssemblyScript: grammar/fields -> build/fields.wasm, src/log/skim/assembly -> build/skim.wasm.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is compiled to what. Each is given its memory, and asks for little else. */
const MODULES = [
  { source: 'grammar/fields/index.ts', name: 'fields.wasm', options: [] },
  // The scanners, which are called by number.
  { source: 'src/log/skim/assembly/skim.ts', name: 'skim.wasm', options: ['--importTable'] },
];

/** Throws with what the compiler says of the sources. Writes the same bytes for the same sources. */
export async function buildAssembly(to = join(root, 'build')) {
  const { default: asc } = await import('assemblyscript/asc');
  for (const { source, name, options } of MODULES) {
    writeWhole(join(to, name), await compile(asc, source, options));
  }
}

async function compile(asc, source, options) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      source,
      '--baseDir',
      root,
      '--outFile',
      'module.wasm',
      ...options,
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
  if (error) throw new Error(`${source} is not built:\n${stderr}`, { cause: error });
  return binary;
}

/** Never leaves half a file for a build that runs at the same time. */
function writeWhole(file, contents) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}
