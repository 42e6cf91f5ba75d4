import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { memory } from './memory.ts';

/** Instantiates a module of WebAssembly with the shared memory and, for scanners, the fields. */
export function exportsOf(
  wasm: Uint8Array,
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const module = new WebAssembly.Module(wasm);
  return new WebAssembly.Instance(module, { env: { memory }, fields }).exports;
}

/** The code of grammar/fields, which the build compiles from AssemblyScript. */
export function fieldsModule(): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve('#fields'));
}
