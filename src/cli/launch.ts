import { createRequire } from 'node:module';
import type * as program from './start.ts';
import { wantedCommand } from './wanted-command.ts';

/** The commands that the quick program has, besides help; the build says which. */
declare const QUICK_COMMANDS: readonly string[];

/** Runs the command line of this process. Called by bin/mcblock.js and nothing else. */
export function launch(): Promise<void> {
  const command = wantedCommand(process.argv.slice(2));
  const isQuick = command === undefined || QUICK_COMMANDS.includes(command);
  const load = createRequire(import.meta.url);
  const { start }: typeof program = load(isQuick ? './quick.cjs' : './whole.cjs');
  return start();
}
