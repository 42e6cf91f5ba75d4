import { checkGrammar } from './check.ts';
import { refuseFaults } from './fault.ts';
import { parseGrammar } from './parser.ts';
import type { Grammar } from './tree.ts';

/**
 * Parses and checks a grammar, without running its examples. Throws McblockError('config') with file,
 * line and column of every fault.
 */
export function readGrammar(text: string, fileName: string): Grammar {
  const { grammar, faults } = parseGrammar(text);
  refuseFaults(faults, fileName);
  refuseFaults(checkGrammar(grammar), fileName);
  return grammar;
}
