// Compiles the shipped grammars: grammar/*.grammar -> build/grammars/*.wasm, one module each, and
// build/grammars.cjs, which lists them and reads a module when the service's first line comes.
// Writes nothing if a grammar has a fault or an example fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleTypeScript } from './bundle-typescript.mjs';
import { writeWhole } from './write-whole.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const notation = join(root, 'grammar', 'notation');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [from, to] = process.argv.slice(2);
  try {
    await buildGrammars({ from, to });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

/** Compiles the grammars in `from` into `to`. Throws with all faults, by file, line and column. */
export async function buildGrammars({
  from = join(root, 'grammar'),
  to = join(root, 'build'),
} = {}) {
  const compiled = await compileFolder(from, await loadCompiler());
  rmSync(join(to, 'grammars'), { recursive: true, force: true });
  mkdirSync(join(to, 'grammars'), { recursive: true });
  for (const { service, wasm } of compiled) {
    writeWhole(join(to, 'grammars', `${service}.wasm`), wasm);
  }
  const requests = join(from, 'web.requests');
  const list = existsSync(requests) ? readFileSync(requests, 'utf8') : '';
  writeWhole(join(to, 'grammars.cjs'), listOf(compiled, list));
  const instance = JSON.stringify(
    to === join(root, 'build') ? '../grammar/notation/instance.ts' : join(notation, 'instance.ts'),
  );
  writeWhole(
    join(to, 'grammars.d.cts'),
    `import type { LateGrammar } from ${instance};\n\n` +
      '/** The list of requests that is shipped. */\nexport declare const requests: string;\n\n' +
      '/** Those that are shipped, by name of the service. */\nexport declare const grammars: readonly LateGrammar[];\n',
  );
}

async function compileFolder(
  from,
  { readGrammar, scannerOf, checkExamples, refuseFaults, compileGrammar },
) {
  const files = readdirSync(from)
    .filter((name) => name.endsWith('.grammar'))
    .toSorted();
  const compiled = [];
  const reasons = [];
  for (const file of files) {
    try {
      const grammar = readGrammar(readFileSync(join(from, file), 'utf8'), file);
      refuseFaults(checkExamples(grammar, scannerOf(grammar)), file);
      compiled.push(compileGrammar(grammar));
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (reasons.length > 0) throw new Error(`the grammars are not built:\n${reasons.join('\n')}`);
  return compiled;
}

/** The compiler is TypeScript: a bundle of it is written, loaded and removed. */
async function loadCompiler() {
  // Inside the repository, where chevrotain is found.
  mkdirSync(join(root, 'build'), { recursive: true });
  const file = join(root, 'build', `.compiler-${process.pid}.mjs`);
  try {
    await bundleTypeScript(
      `export { readGrammar } from './grammar/notation/read.ts';
export { scannerOf } from './grammar/notation/load.ts';
export { checkExamples } from './grammar/notation/examples.ts';
export { refuseFaults } from './grammar/notation/fault.ts';
export { compileGrammar } from './grammar/notation/compile.ts';`,
      file,
    );
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(file, { force: true });
  }
}

/** A CommonJS module, like the program that loads it. */
function listOf(compiled, requests) {
  const entries = compiled.map((grammar) => {
    const described = JSON.stringify({ ...grammar, wasm: undefined }).slice(1, -1);
    return `  { ${described}, wasm: () => read(${JSON.stringify(`grammars/${grammar.service}.wasm`)}) },\n`;
  });
  return `const { readFileSync } = require('node:fs');
const read = (file) => readFileSync(\`\${__dirname}/\${file}\`);
exports.requests = ${JSON.stringify(requests)};
exports.grammars = [
${entries.join('')}];
`;
}
