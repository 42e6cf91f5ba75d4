import type { Command } from 'commander';
import { type RefusedPrefix, rootsProtectedSpace, sift } from '../../engine/firewall/pf-request.ts';
import { McblockError } from '../../errors.ts';
import { directPfctl, type PfCommand } from '../../firewall/pfctl.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import { WIDEST } from '../../net/wide.ts';
import type { Config } from '../config/config.ts';
import { rootsConfig } from '../config/roots-config.ts';
import type { Context } from '../context.ts';
import { readPrefixInput } from '../prefix-input.ts';
import { storePath } from '../store-location.ts';
import { protectionText } from '../text/protection-text.ts';

/** So many of those that were refused are named. */
const REFUSALS_TOLD = 20;

export function define(command: Command, context: Context): void {
  command
    .description(
      "Changes the table of pf that root's configuration names, by pfctl(8), and nothing else: for a daemon that runs as another user, whom doas(1) or sudo(8) lets run this as root. Whatever he asks for is checked here: that it is an address or a prefix, and for what is to be blocked that it is not very wide, not this host, and not on the allow-list of root's store. What is refused is named, and the rest is done.",
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock pf add 192.0.2.7                           one
  mcblock pf add < list.txt                          many, one a line
  doas -n /usr/local/libexec/mcblock-pf add 192.0.2.7   as a user whom doas.conf(5) lets do that

For "mcblock listen" and "mcblock watch --apply" as another user than root, examples/mcblock-pf is
that script, and firewall.helper in the configuration names it. As root, --config takes only a file
that nobody but root can write; through doas and sudo it is refused.

Exit code 1 if something was refused or pf failed.
`,
    );
  for (const [name, summary] of [
    ['add', 'put them in'],
    ['delete', 'take them out'],
    ['replace', 'hold these and no others'],
  ] as const) {
    command
      .command(`${name} [prefixes...]`)
      .description(`${summary}; without any, those on standard input, one a line`)
      .action((texts: string[]) => change(context, name, texts));
  }
  command
    .command('show')
    .description('what the table holds, as pfctl shows it')
    .action(async () => ask(context, await configOf(context), 'show'));
  command
    .command('memory')
    .description("pf's limits, as pfctl shows them")
    .action(async () => ask(context, await configOf(context), 'memory'));
}

async function change(
  context: Context,
  command: 'add' | 'delete' | 'replace',
  texts: readonly string[],
): Promise<void> {
  // Before anything is read that the caller wrote.
  const config = await configOf(context);
  const asked = readPrefixInput(texts);
  const { list, refused } =
    command === 'delete'
      ? { list: asked, refused: [] }
      : sift(asked, rootsProtectedSpace(storePath(context.options.db, {})));
  const isLeft = list.size > 0 || (command === 'replace' && asked.size === 0);
  if (isLeft) await ask(context, config, command, list);
  if (refused.length === 0) return;
  const more = refused.length - REFUSALS_TOLD;
  throw new McblockError(
    'protected',
    `not blocked: ${refused.slice(0, REFUSALS_TOLD).map(refusalText).join('; ')}${more > 0 ? `; and ${more} more` : ''} (mcblock apply as root does, if they are meant)`,
  );
}

function configOf({ options, env }: Context): Promise<Config> {
  return rootsConfig(options, env);
}

function refusalText({ prefix, reason }: RefusedPrefix): string {
  return reason === 'too wide'
    ? `${shortPrefix(prefix)} is wider than /${WIDEST[prefix.family]}`
    : `${shortPrefix(prefix)} overlaps ${protectionText(reason)}`;
}

/** Says what pfctl says. */
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
