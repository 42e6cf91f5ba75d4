import type { Command } from 'commander';
import { type Entry, isActive, type Seconds } from '../../blocklist/entry.ts';
import { covers, type Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { parseAddressArguments } from '../text/prefixes.ts';
import { isoTime, shortTime } from '../text/time.ts';

export function define(command: Command, context: Context): void {
  command
    .description('Tells whether addresses are blocked. Exit code 0 if all are, 1 if one is not.')
    .argument('<address...>')
    .addHelpText(
      'after',
      `
Examples:
  mcblock check 5.149.105.9
  mcblock check -q "$address" || echo "not blocked"
`,
    )
    .action((texts: string[]) => check(context, texts));
}

async function check(context: Context, texts: readonly string[]): Promise<void> {
  const hosts = parseAddressArguments(texts);
  const store = await context.store('read');
  const found = hosts.map((host) => ({ host, blocker: blockerOf(store, host, context.now) }));
  if (found.some(({ blocker }) => blocker === undefined)) context.exit(1);
  if (context.options.json) {
    context.json(
      found.map(({ host, blocker }) => ({
        address: formatPrefix(host).replace(/\/.*/, ''),
        blocked: blocker !== undefined,
        by: blocker ? formatPrefix(blocker.prefix) : null,
        expiresAt: blocker ? isoTime(blocker.expiresAt) : null,
      })),
    );
  } else if (!context.options.quiet) {
    context.lines(found.map(({ host, blocker }) => line(host, blocker)));
  }
}

/** The active entry that blocks it longest; none where the allow-list makes a hole in the rules. */
export function blockerOf(store: Store, host: Prefix, now: Seconds): Entry | undefined {
  if (store.allowed().some(({ prefix }) => covers(prefix, host))) return undefined;
  return store
    .covering(host)
    .filter((entry) => isActive(entry, now))
    .toSorted((p, q) => order(q) - order(p))[0];
}

function order({ expiresAt }: Entry): number {
  return expiresAt === 'forever' ? Number.MAX_SAFE_INTEGER : expiresAt;
}

function line(host: Prefix, blocker: Entry | undefined): string {
  const name = shortPrefix(host);
  if (!blocker) return `${name} is not blocked`;
  const until = shortTime(blocker.expiresAt);
  const end = blocker.expiresAt === 'forever' ? until : `until ${until} UTC`;
  return `${name} is blocked by ${shortPrefix(blocker.prefix)} ${end}`;
}
