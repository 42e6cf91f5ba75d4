import { join } from 'node:path';
import { loadBundle } from './bundle.ts';
import type * as program from './start.ts';
import { wantedCommand } from './wanted-command.ts';

export { codeFileOf, compileBundle, runBundle } from './bundle.ts';

/** The commands that the quick program has, besides help; the build says which. */
declare const QUICK_COMMANDS: readonly string[];

/** Runs the command line of this process. Called by bin/mcblock.js and nothing else. */
export function launch(): Promise<void> {
  const command = wantedCommand(process.argv.slice(2));
  const isQuick = command === undefined || QUICK_COMMANDS.includes(command);
  const file = join(import.meta.dirname, isQuick ? 'quick.cjs' : 'whole.cjs');
  const { start } = loadBundle(file) as typeof program;
  return start();
}
