import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { instantiate, type LateGrammar } from '../../grammar/notation/instance.ts';
import type { Scanner } from '../../grammar/notation/scanner.ts';
import { McblockError, reasonOf } from '../errors.ts';
import { ownedByAnother, readConfigFile } from '../read-config-file.ts';

/** Takes the error of a grammar that cannot be used, with file, line and reason. */
export type LeaveOut = (error: McblockError) => void;

/**
 * All scanners: those that are shipped, and those of the user's own grammars, which replace shipped
 * ones of the same service. Throws McblockError('config') if the folder cannot be read.
 * @param leaveOut called for each grammar that cannot be used; by default it throws
 */
export async function loadScanners(
  folder = '',
  leaveOut: LeaveOut = (error) => {
    throw error;
  },
): Promise<readonly Scanner[]> {
  const { grammars } = await import('#grammars');
  if (folder === '') return grammars.map(instantiate);
  // The parser is slow to load, so it is loaded only if there are grammars to read.
  const { loadGrammar } = await import('../../grammar/notation/load.ts');
  const own = grammarFiles(folder).flatMap((file): LateGrammar[] => {
    try {
      const { wasm, ...described } = loadGrammar(readGrammar(file), file);
      return [{ ...described, wasm: () => wasm }];
    } catch (cause) {
      leaveOut(new McblockError('config', reasonOf(cause), { cause }));
      return [];
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
    return readConfigFile(file, (stats) => ownedByAnother(file, stats)).toString('utf8');
  } catch (error) {
    throw new McblockError('config', `${file}: ${reasonOf(error)}`, { cause: error });
  }
}
