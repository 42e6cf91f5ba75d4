import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { type Finished, wordsOf } from '../process/run-program.ts';
import { differenceOf } from './difference.ts';
import { fileFirewall } from './file.ts';
import type { Change, Firewall } from './firewall.ts';
import { pfFault } from './pf-faults.ts';
import { type Pfctl, tableLimit } from './pfctl.ts';
import { reconcile } from './reconcile.ts';

/**
 * FreeBSD takes 65,535 addresses in one call, unless net.pf.request_maxcount is raised. Some calls of
 * pfctl count its buffer instead of the addresses in it, and its buffer doubles.
 */
const MAX_IN_ONE_CALL = 32_768;

/** What pfctl lists: addresses, and addresses that are negated with a `!`. */
interface Listed {
  readonly list: PrefixList;
  readonly negated: PrefixList;
}

const EMPTY: Listed = { list: new PrefixList(), negated: new PrefixList() };

/**
 * A pf table. Addresses are added before others are deleted, so that nothing slips through in
 * between; the other way round only if the table has no room for both. `file` is the table file that
 * pf loads at boot, or empty.
 */
export function pfFirewall(pfctl: Pfctl, table: string, file = ''): Firewall {
  const pf = new PfTable(pfctl, table);
  const atBoot = fileFirewall(file, []);
  return {
    name: `pf table ${table}`,
    read: () => pf.read(),
    add: (prefixes) => pf.add(prefixes),
    change: (change) => pf.change(change),
    kill: (prefixes) => pf.kill(prefixes),
    fault: (rules) => pfFault(pfctl, table, rules),
    finish: async (rules, force) => {
      if (file !== '') await reconcile(atBoot, () => rules, { force });
    },
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
    const listed = await this.#list();
    return listed?.negated.size === 0 ? listed.list : undefined;
  }

  async add(prefixes: PrefixList): Promise<boolean> {
    for (const part of partsOf(prefixes)) await this.#send('add', part);
    return true;
  }

  async change(change: Change): Promise<void> {
    if (!change.whole) {
      await this.#change(change);
      return;
    }
    const { wanted } = change;
    const { list, negated } = (await this.#list()) ?? EMPTY;
    if (negated.size > 0) await this.#send('delete-negated', negated);
    // Creates the table, as adding addresses does.
    if (wanted.size === 0) await this.#send('add', wanted);
    await this.#change({ wanted, ...differenceOf(list, wanted) });
  }

  async #change({ wanted, added, removed }: Omit<Change, 'whole'>): Promise<void> {
    const limit = added.size > 0 ? await this.#limit(wanted.size) : Number.POSITIVE_INFINITY;
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

  /** What the table holds, sorted; undefined if it does not exist. */
  async #list(): Promise<Listed | undefined> {
    const finished = await this.#pfctl.run('show');
    if (!finished.ok && finished.stderr.includes('Table does not exist')) return undefined;
    const { stdout } = this.#checked(finished, SHOW_ADVICE);
    const { list, bad, badCount } = readPrefixes(stdout);
    list.sort();
    if (badCount === 0) return { list, negated: new PrefixList() };
    const marked = stdout.toString('latin1').match(/^\s*!.*$/gm) ?? [];
    const negated = readPrefixes(Buffer.from(marked.join('\n').replaceAll('!', '')));
    if (negated.list.size === badCount) return { list, negated: negated.list };
    throw new McblockError(
      'program',
      `pfctl: table ${this.#table}: cannot read "${wordsOf(bad[0]?.text ?? '')}"`,
    );
  }

  /**
   * pf's limit of addresses in all tables together (`pfctl -s memory`). Throws McblockError('program')
   * if so many rules exceed it, or FreeBSD could not list them.
   */
  async #limit(rules: number): Promise<number> {
    const { stdout } = this.#checked(await this.#pfctl.run('memory'));
    const limit = tableLimit(stdout) ?? Number.POSITIVE_INFINITY;
    if (rules > limit) {
      throw new McblockError(
        'program',
        `${rules} rules exceed pf's limit of ${limit} table entries; put "set limit table-entries ${roomFor(rules)}" into pf.conf and load it`,
      );
    }
    const listed = rules > MAX_IN_ONE_CALL ? await this.#pfctl.requestLimit() : undefined;
    if (listed !== undefined && rules > listed) {
      throw new McblockError(
        'program',
        `${rules} rules exceed pf's limit of ${listed} addresses in one request; run sysctl net.pf.request_maxcount=${roomFor(rules)}, and set it in /boot/loader.conf`,
      );
    }
    return limit;
  }

  async #send(command: 'add' | 'delete' | 'delete-negated', prefixes: PrefixList): Promise<void> {
    const { stderr } = this.#checked(await this.#pfctl.run(command, prefixes));
    // pfctl reports the count on stderr and exits 0 even if it took only some.
    const done = /^(\d+)\/(\d+) addresses (?:added|deleted)\.$/m.exec(stderr);
    if (Number(done?.[1]) === prefixes.size && Number(done?.[2]) === prefixes.size) return;
    throw new McblockError(
      'program',
      `pfctl ${command} of ${prefixes.size} addresses, table ${this.#table}: ${wordsOf(stderr)}; another program may be changing the table`,
    );
  }

  /** `advice` is what to do about an error that has no text of its own. */
  #checked(finished: Finished, advice?: string): Finished {
    if (finished.ok) return finished;
    const found = ADVICE.find(([words]) => words.test(finished.stderr))?.[1] ?? advice;
    throw new McblockError(
      'program',
      `pfctl: ${wordsOf(finished.stderr).replace(/^pfctl: /, '')}${found === undefined ? '' : ` (${found})`}`,
    );
  }
}

/** What to do about errors of pfctl. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/Permission denied|Operation not permitted/, 'run mcblock as root'],
  [/Device busy/, 'another program is changing pf; try again'],
  [/Cannot allocate memory/, 'tables full: raise "set limit table-entries" in pf.conf and load it'],
  [/\/dev\/pf: No such file/, 'pf is not loaded; on FreeBSD run kldload pf'],
  [/^usage:/m, 'check firewall.table: a table name has at most 31 characters'],
];

/**
 * For FreeBSD's EINVAL, which its versions word in several ways ("Invalid argument", "Anchor does not
 * exist", "Unknown error: -1"): of all calls only this one may exceed the limit.
 */
const SHOW_ADVICE =
  'FreeBSD lists at most net.pf.request_maxcount addresses, by default 65,535: raise it with sysctl, and in /boot/loader.conf';

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
