import { checkMessages } from './check-messages.ts';
import { checkNames } from './check-names.ts';
import type { Fault } from './fault.ts';
import type { Grammar } from './tree.ts';

/**
 * What is wrong with a grammar that could be parsed. Only where every name is good can the
 * messages be looked at, so that faults may come in two helpings.
 */
export function checkGrammar(grammar: Grammar): readonly Fault[] {
  const faults = checkNames(grammar);
  return faults.length > 0 ? faults : checkMessages(grammar);
}
