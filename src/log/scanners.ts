import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { instantiate, type LateGrammar } from '../../grammar/notation/instance.ts';
import type { Scanner } from '../../grammar/notation/scanner.ts';
import { errorOf, McblockError, reasonOf } from '../errors.ts';
import { ownedByAnother, readConfigFile } from '../read-config-file.ts';
import { type RequestFile, readRequestLists } from './requests/request-list.ts';
import { RequestReader } from './requests/request-scanner.ts';

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
  const { grammars, requests } = await import('#grammars');
  const shippedList = { name: SHIPPED_LIST, text: requests };
  if (folder === '') return withRequests(grammars, [shippedList]);
  // The parser is slow to load, so it is loaded only if there are grammars to read.
  const { loadGrammar } = await import('../../grammar/notation/load.ts');
  const usable = <T>(file: string, read: (text: string) => T): T[] => {
    try {
      return [read(readGrammar(file))];
    } catch (cause) {
      leaveOut(new McblockError('config', reasonOf(cause), { cause }));
      return [];
    }
  };
  const own = filesIn(folder, '.grammar').flatMap((file) =>
    usable(file, (text): LateGrammar => {
      const { wasm, ...described } = loadGrammar(text, file);
      return { ...described, wasm: () => wasm };
    }),
  );
  const replaced = new Set(own.map(({ service }) => service));
  const shipped = grammars.filter(({ service }) => !replaced.has(service));
  const lists = filesIn(folder, '.requests').flatMap((name) =>
    usable(name, (text) => {
      readRequestLists([{ name, text }]);
      return { name, text };
    }),
  );
  const isReplaced = lists.some(({ name }) => basename(name) === SHIPPED_LIST);
  return withRequests([...own, ...shipped], isReplaced ? lists : [...lists, shippedList]);
}

/** The list of requests that is shipped; a user's own of this name replaces it. */
const SHIPPED_LIST = 'web.requests';

function withRequests(grammars: readonly LateGrammar[], lists: readonly RequestFile[]): Scanner[] {
  const requests = new RequestReader(readRequestLists(lists));
  return grammars.map((grammar) => requests.over(instantiate(grammar)));
}

function filesIn(folder: string, ending: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(ending));
    return names.toSorted().map((name) => join(folder, name));
  } catch (error) {
    throw errorOf('config', `grammar.folder: ${folder}`, error);
  }
}

function readGrammar(file: string): string {
  try {
    return readConfigFile(file, (stats) => ownedByAnother(file, stats)).toString('utf8');
  } catch (error) {
    throw errorOf('config', file, error);
  }
}
