import { checkMessages } from './check-messages.ts';
import { checkNames } from './check-names.ts';
import type { Fault } from './fault.ts';
import { checkFileForm } from './file-form.ts';
import type { Grammar } from './tree.ts';

/**
 * The faults of a parsed grammar. Messages can only be checked when there are no faults of names, so
 * faults may be reported in two rounds.
 */
export function checkGrammar(grammar: Grammar): readonly Fault[] {
  const faults = checkNames(grammar);
  if (faults.length > 0) return faults;
  const ofFile = checkFileForm(grammar);
  return ofFile.length > 0 ? ofFile : checkMessages(grammar);
}
