import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { memory } from './memory.ts';

/** What a module of WebAssembly exports that is given the memory, and whatever else it asks for. */
export function exportsOf(
  wasm: Uint8Array,
  more: Readonly<Record<string, unknown>> = {},
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const module = new WebAssembly.Module(wasm);
  return new WebAssembly.Instance(module, { env: { memory, ...more }, fields }).exports;
}

/** A module that the build has made of AssemblyScript, by its name in package.json. */
export function assemblyOf(name: '#fields' | '#skim'): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve(name));
}
