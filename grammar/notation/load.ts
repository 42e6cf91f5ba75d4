import { compileGrammar } from './compile.ts';
import { readGrammar } from './read.ts';
import * as runtime from './runtime.ts';
import type { Scanner } from './scanner.ts';
import type { Grammar } from './tree.ts';

/**
 * The scanner of a user's own grammar. Throws a `config` error that names the file, line and
 * column of every fault that was found.
 */
export function loadGrammar(text: string, fileName: string): Scanner {
  return scannerOf(readGrammar(text, fileName));
}

/** The scanner of a grammar that was checked. */
export function scannerOf(grammar: Grammar): Scanner {
  // The source is made of numbers, our own words and one JSON value; see compile.ts.
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function('runtime', compileGrammar(grammar)) as (using: unknown) => Scanner;
  return make(runtime);
}
