import type { Command } from 'commander';
import { type Block, blockOf } from '../../engine/blocker.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { Context } from '../context.ts';
import { parseAddressArguments } from '../text/prefixes.ts';
import { proxyText } from '../text/proxy-text.ts';
import { isoTime, untilText } from '../text/time.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Tests whether addresses are on the blocklist: in an active entry or a feed, and not protected. Exit code: 0 if all are, 1 if not.',
    )
    .argument('<address...>')
    .addHelpText(
      'after',
      `
Examples:
  mcblock check 5.149.105.9
  mcblock check -q "$address" || echo "not listed"
`,
    )
    .action((texts: string[]) => check(context, texts));
}

async function check(context: Context, texts: readonly string[]): Promise<void> {
  const hosts = parseAddressArguments(texts);
  const store = await context.reader();
  const policy = await context.policy();
  const found = hosts.map((host) => ({
    host,
    blocker: blockOf(store, host, policy, context.now),
  }));
  if (found.some(({ blocker }) => blocker === undefined)) context.exit(1);
  if (context.options.json) {
    context.json(
      found.map(({ host, blocker }) => ({
        address: formatPrefix(host).replace(/\/.*/, ''),
        blocked: blocker !== undefined,
        by: blocker ? formatPrefix(blocker.prefix) : null,
        expiresAt: isoTime(blocker?.expiresAt),
        feed: blocker?.feed ?? null,
        proxy: blocker?.proxy || null,
      })),
    );
  } else if (!context.options.quiet) {
    context.lines(found.map(({ host, blocker }) => line(host, blocker)));
  }
}

function line(host: Prefix, blocker: Block | undefined): string {
  const name = shortPrefix(host);
  if (!blocker) return `${name} is not on the blocklist`;
  const listed = `${name} is on the blocklist: ${shortPrefix(blocker.prefix)}`;
  if (blocker.expiresAt === undefined) return `${listed} (feed ${blocker.feed})`;
  const by = blocker.proxy === '' ? '' : `\n  ${proxyText(blocker.proxy)}`;
  return `${listed} ${untilText(blocker.expiresAt)}${by}`;
}
