import { readFileSync, statSync } from 'node:fs';
import { errorOf, McblockError } from '../errors.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { runProgram, wordsOf } from '../process/run-program.ts';
import { writeFileWhole } from './atomic-file.ts';
import type { Firewall } from './firewall.ts';
import { pfTableText } from './pf-text.ts';

const FILE_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * A table file as in pf.conf(5), one prefix a line. `command` (a full path and its arguments; may be
 * empty) runs after each apply, even if the file did not change: its reader may have missed it.
 */
export function fileFirewall(path: string, command: readonly string[]): Firewall {
  const [program, ...args] = command;
  return {
    name: `file ${path}`,
    read: async () => readTable(path),
    change: async ({ wanted }) => writeFileWhole(path, pfTableText(wanted)),
    ...(program === undefined ? {} : { finish: () => runAfter(path, program, args) }),
  };
}

function readTable(path: string): PrefixList | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.size > FILE_LIMIT_BYTES) return undefined;
    const { list, badCount } = readPrefixes(readFileSync(path));
    list.sort();
    return badCount === 0 ? list : undefined;
  } catch (error) {
    throw errorOf('file', path, error);
  }
}

async function runAfter(path: string, program: string, args: readonly string[]): Promise<void> {
  const { ok, stderr } = await runProgram(program, args);
  if (ok) return;
  throw new McblockError(
    'program',
    `${path} written, but firewall.command failed: ${program}: ${wordsOf(stderr)}`,
  );
}
