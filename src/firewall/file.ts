import { readFileSync, statSync } from 'node:fs';
import { McblockError, reasonOf } from '../errors.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { runProgram, wordsOf } from '../process/run-program.ts';
import { writeFileWhole } from './atomic-file.ts';
import type { Firewall } from './firewall.ts';
import { pfTableText } from './pf-text.ts';

const FILE_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * A table file as pf.conf(5) has it, one prefix a line. `command` (a full path and its arguments;
 * empty: none) is run after each apply, also where the file was right already: nobody knows whether
 * what reads the file has read it.
 */
export function fileFirewall(path: string, command: readonly string[]): Firewall {
  const [program, ...args] = command;
  return {
    name: `the file ${path}`,
    read: async () => readTable(path),
    change: async ({ wanted }) => writeFileWhole(path, pfTableText(wanted)),
    ...(program === undefined ? {} : { finish: () => runAfter(program, args) }),
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
    throw new McblockError('file', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function runAfter(program: string, args: readonly string[]): Promise<void> {
  const { ok, stderr } = await runProgram(program, args);
  if (ok) return;
  throw new McblockError(
    'program',
    `the file was written, but the command after it (firewall.command) failed: ${program}: ${wordsOf(stderr)}; put that right and apply again`,
  );
}
