import type { Command } from 'commander';
import { type Entry, type Expiry, isActive, type Seconds } from '../../blocklist/entry.ts';
import { containsPrefix, type Prefix } from '../../net/prefix.ts';
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
  const found = hosts.map((host) => ({ host, blocker: blockOf(store, host, context.now) }));
  if (found.some(({ blocker }) => blocker === undefined)) context.exit(1);
  if (context.options.json) {
    context.json(
      found.map(({ host, blocker }) => ({
        address: formatPrefix(host).replace(/\/.*/, ''),
        blocked: blocker !== undefined,
        by: blocker ? formatPrefix(blocker.prefix) : null,
        expiresAt: blocker?.expiresAt ? isoTime(blocker.expiresAt) : null,
        feed: blocker?.feed ?? null,
      })),
    );
  } else if (!context.options.quiet) {
    context.lines(found.map(({ host, blocker }) => line(host, blocker)));
  }
}

/** What blocks an address: an entry, or a feed that names it. */
interface Block {
  readonly prefix: Prefix;
  /** Undefined where it is a feed. */
  readonly expiresAt: Expiry | undefined;
  readonly feed: string | undefined;
}

function blockOf(store: Store, host: Prefix, now: Seconds): Block | undefined {
  const blocker = blockerOf(store, host, now);
  if (blocker !== undefined) return { ...blocker, feed: undefined };
  const named = namingFeeds(store, host)[0];
  return named && { prefix: named.prefix, expiresAt: undefined, feed: named.feed };
}

/** The feeds that have it blocked; none where the allow-list makes a hole in the rules. */
export function namingFeeds(store: Store, host: Prefix): ReturnType<Store['feedsCovering']> {
  return isAllowed(store, host) ? [] : store.feedsCovering(host);
}

/** The active entry that blocks it longest; none where the allow-list makes a hole in the rules. */
export function blockerOf(store: Store, host: Prefix, now: Seconds): Entry | undefined {
  if (isAllowed(store, host)) return undefined;
  return store
    .supernets(host)
    .filter((entry) => isActive(entry, now))
    .toSorted((p, q) => order(q) - order(p))[0];
}

function isAllowed(store: Store, host: Prefix): boolean {
  return store.allowed().some(({ prefix }) => containsPrefix(prefix, host));
}

function order({ expiresAt }: Entry): number {
  return expiresAt === 'forever' ? Number.MAX_SAFE_INTEGER : expiresAt;
}

function line(host: Prefix, blocker: Block | undefined): string {
  const name = shortPrefix(host);
  if (!blocker) return `${name} is not blocked`;
  if (blocker.feed !== undefined) {
    return `${name} is blocked by ${shortPrefix(blocker.prefix)} of the feed ${blocker.feed}`;
  }
  const until = shortTime(blocker.expiresAt);
  const end = blocker.expiresAt === 'forever' ? until : `until ${until} UTC`;
  return `${name} is blocked by ${shortPrefix(blocker.prefix)} ${end}`;
}
