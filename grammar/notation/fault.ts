import { McblockError } from '../../src/errors.ts';
import type { Location } from './tree.ts';

/** A fault in a grammar. */
export interface Fault extends Location {
  readonly message: string;
}

export function faultAt(location: Location, message: string): Fault {
  return { line: location.line, column: location.column, message };
}

/** Throws McblockError('config') with one line for each fault, in the order of the file. */
export function refuseFaults(faults: readonly Fault[], fileName: string): void {
  if (faults.length === 0) return;
  const lines = inFileOrder(faults).map((f) => `${fileName}:${f.line}:${f.column}: ${f.message}`);
  throw new McblockError('config', lines.join('\n'));
}

export function inFileOrder(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted((p, q) => p.line - q.line || p.column - q.column);
}
