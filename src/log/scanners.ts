import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiate } from '../../grammar/notation/instance.ts';
import type { Scanner } from '../../grammar/notation/scanner.ts';
import { McblockError, reasonOf } from '../errors.ts';

/**
 * All scanners: those that are shipped, and those of the user's own grammars, which replace shipped
 * ones of the same service.
 */
export async function loadScanners(folder = ''): Promise<readonly Scanner[]> {
  const { grammars } = await import('#grammars');
  if (folder === '') return grammars.map(instantiate);
  // The parser is slow to load, so it is loaded only if there are grammars to read.
  const { loadGrammar } = await import('../../grammar/notation/load.ts');
  const own = grammarFiles(folder).map((file) => {
    const text = readGrammar(file);
    try {
      const { wasm, ...described } = loadGrammar(text, file);
      return { ...described, wasm: () => wasm };
    } catch (error) {
      throw new McblockError('config', reasonOf(error), { cause: error });
    }
  });
  const replaced = new Set(own.map(({ service }) => service));
  const shipped = grammars.filter(({ service }) => !replaced.has(service));
  return [...own, ...shipped].map(instantiate);
}

function grammarFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.grammar'));
    return names.toSorted().map((name) => join(folder, name));
  } catch (error) {
    throw new McblockError('config', `grammar.folder: ${folder}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function readGrammar(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new McblockError('config', `${file}: ${reasonOf(error)}`, { cause: error });
  }
}
