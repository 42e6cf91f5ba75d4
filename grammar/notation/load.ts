import { checkGrammar } from './check.ts';
import { type CompiledGrammar, compileGrammar } from './compile.ts';
import { checkExamples } from './examples.ts';
import { type Fault, inFileOrder } from './fault.ts';
import { instantiate } from './instance.ts';
import { parseGrammar } from './parser.ts';
import { readGrammar } from './read.ts';
import type { Scanner } from './scanner.ts';
import type { Grammar } from './tree.ts';

/**
 * Compiles a user's own grammar. Throws McblockError('config') with file, line and column of every
 * fault.
 */
export function loadGrammar(text: string, fileName: string): CompiledGrammar {
  return compileGrammar(readGrammar(text, fileName));
}

/** The result of checking a grammar. */
export interface Trial {
  readonly messages: number;
  /** Including forged lines. */
  readonly examples: number;
  /** Of the notation; if there are any, the examples were not run. */
  readonly faults: readonly Fault[];
  /** Examples that fail. */
  readonly wrong: readonly Fault[];
}

/** Reads a grammar and runs its examples. */
export function tryGrammar(text: string): Trial {
  const { grammar, faults: broken } = parseGrammar(text);
  const faults = inFileOrder(broken.length > 0 ? broken : checkGrammar(grammar));
  const wrong = faults.length > 0 ? [] : checkExamples(grammar, scannerOf(grammar));
  const counts = grammar.messages.map((one) => one.examples.length + one.forged.length);
  return {
    messages: grammar.messages.length,
    examples: counts.reduce((sum, count) => sum + count, 0),
    faults,
    wrong: inFileOrder(wrong),
  };
}

/** The scanner of a checked grammar. */
export function scannerOf(grammar: Grammar): Scanner {
  const { wasm, ...described } = compileGrammar(grammar);
  return instantiate({ ...described, wasm: () => wasm });
}
