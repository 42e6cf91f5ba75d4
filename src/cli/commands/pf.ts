import type { Command } from 'commander';
import {
  type RefusedPrefix,
  rootsProtectedSpace,
  sift,
  siftByShare,
} from '../../engine/firewall/pf-request.ts';
import { McblockError } from '../../errors.ts';
import { directPfctl, type PfCommand } from '../../firewall/pfctl.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { readPrefixes } from '../../net/prefix-reader.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import { WIDEST } from '../../net/wide.ts';
import { wordsOf } from '../../process/run-program.ts';
import type { Config } from '../config/config.ts';
import { rootsConfig } from '../config/roots-config.ts';
import type { Context } from '../context.ts';
import { readPrefixInput } from '../prefix-input.ts';
import { storePath } from '../store-location.ts';
import { protectionText } from '../text/protection-text.ts';

const MAX_REFUSALS_TOLD = 20;

export function define(command: Command, context: Context): void {
  command
    .description(
      "Changes the pf table of root's configuration with pfctl(8), and nothing else. For a daemon of another user that may run this as root through doas(1) or sudo(8). Prefixes are checked: very wide ones, this host, the allow-list of root's store, what would bring the table above limits.share, and words that are not prefixes are refused and named; the rest is done.",
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock pf add 192.0.2.7                              one prefix
  mcblock pf add < list.txt                             many, one per line
  doas -n /usr/local/libexec/mcblock-pf add 192.0.2.7   as a user permitted by doas.conf(5)

To run "mcblock listen" or "mcblock watch" as a user other than root, set firewall.helper to the
script mcblock-pf, which comes with mcblock. As root, --config must name a file that only root can
write; through doas and sudo it is refused.

Exit code 1 if something was refused or pf failed.
`,
    );
  for (const [name, summary] of [
    ['add', 'add prefixes'],
    ['delete', 'delete prefixes'],
    ['delete-negated', 'delete prefixes that are in the table with a "!"'],
  ] as const) {
    command
      .command(`${name} [prefix...]`)
      .description(`${summary}; without arguments, those on standard input, one per line`)
      .action((texts: string[]) => change(context, name, texts));
  }
  command
    .command('show')
    .description('print the table, as pfctl does')
    .action(async () => ask(context, await configOf(context), 'show'));
  command
    .command('memory')
    .description("print pf's limits, as pfctl does")
    .action(async () => ask(context, await configOf(context), 'memory'));
}

async function change(
  context: Context,
  command: 'add' | 'delete' | 'delete-negated',
  texts: readonly string[],
): Promise<void> {
  // Before any input of the caller is read.
  const config = await configOf(context);
  const { list: asked, problems, badCount } = readPrefixInput(texts);
  const { list, refused } =
    command === 'add' ? await permitted(context, config, asked) : { list: asked, refused: [] };
  // Adding nothing creates the table.
  if (list.size > 0 || asked.size + badCount === 0) await ask(context, config, command, list);
  const count = badCount + refused.length;
  if (count === 0) return;
  const told = [...problems, ...refused.map(refusalText)].slice(0, MAX_REFUSALS_TOLD);
  const more = count - told.length;
  throw new McblockError(
    'protected',
    `refused: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  );
}

/** What may be added to what the table holds. */
async function permitted(
  context: Context,
  config: Config,
  asked: PrefixList,
): Promise<{ readonly list: PrefixList; readonly refused: readonly RefusedPrefix[] }> {
  const sifted = sift(asked, rootsProtectedSpace(storePath(context.options.db, {}), context.now));
  if (sifted.list.size === 0) return sifted;
  const held = await heldBy(config);
  const { list, refused } = siftByShare(sifted.list, held, config.get('limits.share'));
  return { list, refused: [...sifted.refused, ...refused] };
}

/** What the table holds; nothing if it does not exist. */
async function heldBy(config: Config): Promise<PrefixList> {
  const pfctl = directPfctl(config.get('firewall.pfctl'), config.get('firewall.table'));
  const { ok, stdout, stderr } = await pfctl.run('show');
  if (ok) return readPrefixes(stdout).list;
  if (stderr.includes('Table does not exist')) return new PrefixList();
  throw new McblockError('program', `${config.get('firewall.pfctl')}: ${wordsOf(stderr)}`);
}

function configOf({ options, env }: Context): Promise<Config> {
  return rootsConfig(options, env);
}

function refusalText({ prefix, reason }: RefusedPrefix): string {
  if (reason === 'too much') {
    return `${shortPrefix(prefix)} would bring the table above limits.share of IPv${prefix.family}`;
  }
  return reason === 'too wide'
    ? `${shortPrefix(prefix)} is wider than /${WIDEST[prefix.family]}`
    : `${shortPrefix(prefix)} overlaps ${protectionText(reason)}`;
}

/** Runs pfctl and passes its output on. */
async function ask(
  context: Context,
  config: Config,
  command: PfCommand,
  prefixes?: PrefixList,
): Promise<void> {
  const pfctl = directPfctl(config.get('firewall.pfctl'), config.get('firewall.table'));
  const { ok, stdout, stderr } = await pfctl.run(command, prefixes);
  if (stdout.length > 0) context.stdout.write(stdout);
  if (stderr !== '') context.stderr.write(`${stderr}\n`);
  if (!ok) context.exit(1);
}
