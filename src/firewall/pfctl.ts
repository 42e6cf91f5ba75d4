import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { writePrefixes } from '../net/prefix-writer.ts';
import { type Finished, runProgram } from '../process/run-program.ts';
import { pfTableText } from './pf-text.ts';

/**
 * A command on one table. `delete-negated` deletes addresses that were added with a `!` in front;
 * `memory` shows the limits of all tables.
 */
export type PfCommand = 'show' | 'memory' | 'add' | 'delete' | 'delete-negated';

/** pfctl(8), or a helper that may run it. */
export interface Pfctl {
  /** `prefixes` for the commands that take some. */
  run(command: PfCommand, prefixes?: PrefixList): Promise<Finished>;
  /** Kills the states of hosts in the prefix. */
  kill(prefix: Prefix): Promise<Finished>;
  /** Lists the state of pf, or the rules of all anchors; undefined if only root can. */
  list(what: 'info' | 'rules'): Promise<Finished | undefined>;
  /** How many addresses FreeBSD takes or lists in one call; undefined on OpenBSD, which has no limit. */
  requestLimit(): Promise<number | undefined>;
}

/**
 * pf's limit of addresses in all tables together, in what `pfctl -s memory` writes; undefined without
 * one.
 */
export function tableLimit(memory: Buffer): number | undefined {
  const text = /^table-entries\s+hard limit\s+(\d+)\s*$/m.exec(memory.toString('latin1'))?.[1];
  return text === undefined ? undefined : Number(text);
}

/** Where sysctl(8) is, on FreeBSD and OpenBSD. */
const SYSCTL = '/sbin/sysctl';

/** Runs pfctl itself, which takes root. All arguments but the table are fixed. */
export function directPfctl(path: string, table: string, sysctl = SYSCTL): Pfctl {
  return {
    run(command, prefixes) {
      if (command === 'memory') return runProgram(path, ['-s', 'memory']);
      if (prefixes === undefined) return runProgram(path, ['-t', table, '-T', command]);
      const isNegated = command === 'delete-negated';
      const args = ['-t', table, '-T', isNegated ? 'delete' : command, '-f', '-'];
      const input = isNegated ? writePrefixes(prefixes, { before: '!' }) : pfTableText(prefixes);
      return runProgram(path, args, { input });
    },
    kill: (prefix) => runProgram(path, ['-k', formatPrefix(prefix)]),
    list: (what) => runProgram(path, what === 'info' ? ['-s', 'info'] : ['-a', '*', '-s', 'rules']),
    async requestLimit() {
      const args = ['-n', 'net.pf.request_maxcount'];
      const finished = await runProgram(sysctl, args).catch(() => undefined);
      const limit = finished?.ok ? Number(finished.stdout.toString('latin1')) : 0;
      return limit > 0 ? limit : undefined;
    },
  };
}

/**
 * Runs a helper such as `doas mcblock pf`, with the command as its last argument and prefixes on
 * standard input. It writes what pfctl writes. While this process is root, pfctl is run directly.
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
    list: async (what) => (isRoot() ? direct.list(what) : undefined),
    requestLimit: () => direct.requestLimit(),
    kill(prefix) {
      if (isRoot()) return direct.kill(prefix);
      throw new McblockError(
        'config',
        'firewall.helper cannot kill states; run mcblock apply --kill as root',
      );
    },
  };
}
