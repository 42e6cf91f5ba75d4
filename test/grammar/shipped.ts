import { readdirSync, readFileSync } from 'node:fs';
import { scannerOf } from '../../grammar/notation/load.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import type { Scanner } from '../../grammar/notation/scanner.ts';
import type { Grammar } from '../../grammar/notation/tree.ts';

const folder = new URL('../../grammar/', import.meta.url);

/** Every grammar that is shipped, with its scanner. */
export function shippedGrammars(): readonly { grammar: Grammar; scanner: Scanner }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.grammar'))
    .map((name) => {
      const grammar = readGrammar(readFileSync(new URL(name, folder), 'utf8'), name);
      return { grammar, scanner: scannerOf(grammar) };
    });
}
