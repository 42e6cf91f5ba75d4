import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { type Finished, runProgram } from '../process/run-program.ts';
import { pfTableText } from './pf-text.ts';

/** What is asked of pf about one table; `memory` shows how much all tables may hold. */
export type PfCommand = 'show' | 'memory' | 'add' | 'delete' | 'replace';

/** pfctl(8), or somebody who may run it. */
export interface Pfctl {
  /** `prefixes` for those commands that take some. */
  run(command: PfCommand, prefixes?: PrefixList): Promise<Finished>;
  /** Ends the states of hosts in the prefix. */
  kill(prefix: Prefix): Promise<Finished>;
}

/** By this program, which needs to be run as root; every argument but the table is fixed. */
export function directPfctl(path: string, table: string): Pfctl {
  return {
    run(command, prefixes) {
      if (command === 'memory') return runProgram(path, ['-s', 'memory']);
      if (prefixes === undefined) return runProgram(path, ['-t', table, '-T', command]);
      const args = ['-t', table, '-T', command, '-f', '-'];
      return runProgram(path, args, { input: pfTableText(prefixes) });
    },
    kill: (prefix) => runProgram(path, ['-k', formatPrefix(prefix)]),
  };
}

/**
 * By a helper that may do it, such as `doas mcblock pf`, which is given the command as its last
 * argument and prefixes on standard input, and says what pfctl said. While this process is root
 * itself, it asks directly.
 */
export function helpedPfctl(
  helper: readonly string[],
  direct: Pfctl,
  isRoot = () => process.geteuid?.() === 0,
): Pfctl {
  const [path = '', ...args] = helper;
  return {
    run(command, prefixes) {
      if (isRoot()) return direct.run(command, prefixes);
      const input = prefixes === undefined ? {} : { input: pfTableText(prefixes) };
      return runProgram(path, [...args, command], input);
    },
    kill(prefix) {
      if (isRoot()) return direct.kill(prefix);
      throw new McblockError(
        'config',
        'firewall.helper ends no states; run mcblock apply --kill as root',
      );
    },
  };
}
