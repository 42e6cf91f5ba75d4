import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { type Finished, wordsOf } from '../process/run-program.ts';
import type { Change, Firewall } from './firewall.ts';
import { pfFault } from './pf-faults.ts';
import type { Pfctl } from './pfctl.ts';

/** FreeBSD's limit of addresses in one call, unless net.pf.request_maxcount is raised. */
const MAX_IN_ONE_CALL = 65_535;

/**
 * A pf table. Addresses are added before others are deleted, so that nothing slips through in
 * between; the other way round only if the table has no room for both.
 */
export function pfFirewall(pfctl: Pfctl, table: string): Firewall {
  const pf = new PfTable(pfctl, table);
  return {
    name: `pf table ${table}`,
    read: () => pf.read(),
    add: (prefixes) => pf.add(prefixes),
    change: (change) => pf.change(change),
    kill: (prefixes) => pf.kill(prefixes),
    fault: (rules) => pfFault(pfctl, table, rules),
  };
}

class PfTable {
  readonly #pfctl: Pfctl;
  readonly #table: string;

  constructor(pfctl: Pfctl, table: string) {
    this.#pfctl = pfctl;
    this.#table = table;
  }

  async read(): Promise<PrefixList | undefined> {
    const finished = await this.#pfctl.run('show');
    if (!finished.ok && finished.stderr.includes('Table does not exist')) return undefined;
    const { list, badCount } = readPrefixes(this.#checked(finished).stdout);
    list.sort();
    // A negated address (!) is not ours.
    return badCount === 0 ? list : undefined;
  }

  async add(prefixes: PrefixList): Promise<boolean> {
    for (const part of partsOf(prefixes)) await this.#send('add', part);
    return true;
  }

  async change({ wanted, added, removed, whole }: Change): Promise<void> {
    const limit = added.size > 0 ? await this.#limit() : Number.POSITIVE_INFINITY;
    if (wanted.size > limit) {
      throw new McblockError(
        'program',
        `${wanted.size} rules exceed pf's limit of ${limit} table entries; put "set limit table-entries ${roomFor(wanted.size)}" into pf.conf and load it`,
      );
    }
    if (whole) {
      const [first = new PrefixList(), ...rest] = partsOf(wanted);
      await this.#replace(first);
      for (const part of rest) await this.#send('add', part);
      return;
    }
    const steps = [
      ...partsOf(added).map((part) => ({ command: 'add', part }) as const),
      ...partsOf(removed).map((part) => ({ command: 'delete', part }) as const),
    ];
    if (wanted.size + removed.size > limit) steps.reverse();
    for (const { command, part } of steps) await this.#send(command, part);
  }

  async kill(prefixes: PrefixList): Promise<void> {
    for (const prefix of prefixes) this.#checked(await this.#pfctl.kill(prefix));
  }

  /** pf's limit of addresses in all tables together (`pfctl -s memory`). */
  async #limit(): Promise<number> {
    const { stdout } = this.#checked(await this.#pfctl.run('memory'));
    const limit = /^table-entries\s+hard limit\s+(\d+)\s*$/m.exec(stdout.toString('latin1'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  }

  /** Also creates the table if it does not exist. */
  async #replace(prefixes: PrefixList): Promise<void> {
    this.#checked(await this.#pfctl.run('replace', prefixes));
  }

  async #send(command: 'add' | 'delete', prefixes: PrefixList): Promise<void> {
    const { stderr } = this.#checked(await this.#pfctl.run(command, prefixes));
    // pfctl reports the count on stderr and exits 0 even if it took only some.
    const done = /^(\d+)\/(\d+) addresses (?:added|deleted)\.$/m.exec(stderr);
    if (Number(done?.[1]) === prefixes.size && Number(done?.[2]) === prefixes.size) return;
    throw new McblockError(
      'program',
      `pfctl ${command} of ${prefixes.size} addresses, table ${this.#table}: ${wordsOf(stderr)}; another program may be changing the table`,
    );
  }

  #checked(finished: Finished): Finished {
    if (finished.ok) return finished;
    const advice = ADVICE.find(([words]) => words.test(finished.stderr))?.[1];
    throw new McblockError(
      'program',
      `pfctl: ${wordsOf(finished.stderr).replace(/^pfctl: /, '')}${advice === undefined ? '' : ` (${advice})`}`,
    );
  }
}

/** What to do about errors of pfctl. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/Permission denied|Operation not permitted/, 'run mcblock as root'],
  [/Device busy/, 'another program is changing pf; try again'],
  [/Cannot allocate memory/, 'tables full: raise "set limit table-entries" in pf.conf and load it'],
  [
    /Invalid argument/,
    'FreeBSD handles 65,535 addresses in one call: raise sysctl net.pf.request_maxcount, also in /etc/sysctl.conf',
  ],
  [/\/dev\/pf: No such file/, 'pf is not loaded; on FreeBSD run kldload pf'],
  [/^usage:/m, 'check firewall.table: a table name has at most 31 characters'],
];

/** The list in parts that pf takes in one call each. */
function partsOf(list: PrefixList): PrefixList[] {
  const parts: PrefixList[] = [];
  for (let index = 0; index < list.size; index++) {
    if (index % MAX_IN_ONE_CALL === 0) parts.push(new PrefixList());
    parts.at(-1)?.push(list.at(index));
  }
  return parts;
}

/** Twice as much, rounded up: a limit raised just enough is hit again tomorrow. */
function roomFor(rules: number): number {
  return Math.ceil((rules * 2) / 100_000) * 100_000;
}
