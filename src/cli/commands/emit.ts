import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { excessError, excessOf, narrowestRulesAt, rulesAt } from '../../engine/rules-at.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { FORMATS, formatRules, type RuleFormat } from '../../firewall/rule-text.ts';
import type { Context } from '../context.ts';

interface EmitOptions {
  readonly format: RuleFormat;
  readonly output?: string;
  readonly force?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints the rules: the active entries minus the allow-list, this host and trusted addresses, coalesced to the fewest prefixes that cover exactly the same addresses.',
    )
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('pf'))
    .option('-o, --output <file>', 'replace this file atomically, keeping its mode')
    .option('--force', 'write the rules even if they cover more than limits.share')
    .addHelpText(
      'after',
      `
Formats:
  pf        table file, one prefix per line
  pf-rules  table and block rule, for an anchor
  nft       table for nft -f, replaced in one transaction
  plain     one prefix per line
  json      array of strings

Examples:
  mcblock emit --output /etc/pf.blocked && pfctl -t mcblock -T replace -f /etc/pf.blocked
  mcblock emit --format pf-rules | pfctl -a mcblock -f -
  mcblock emit --format nft | nft -f -

If the rules cover more than limits.share, an output file that holds something stays as it is; else
the narrowest of them are written. Exit code 1.
`,
    )
    .action((options: EmitOptions) => emit(context, options));
}

async function emit(context: Context, options: EmitOptions): Promise<void> {
  const format = context.options.json ? 'json' : options.format;
  const table = (await context.config()).get('firewall.table');
  const policy = await context.policy();
  const { share } = policy.limits;
  const store = await context.store('read');
  const { now, doubtfulSince } = context;
  const all = rulesAt(store, policy, now, doubtfulSince);
  const excess = options.force ? undefined : excessOf(all, share);
  if (excess !== undefined && options.output !== undefined && isFilled(options.output)) {
    throw excessError(excess, share, `${options.output} stays as it is`);
  }
  const rules = excess === undefined ? all : narrowestRulesAt(store, policy, now, doubtfulSince);
  const text = formatRules(rules, format, table);
  if (options.output !== undefined) {
    writeFileWhole(options.output, text);
    context.remark(`${options.output} written: ${rules.size} rules`);
  } else for (const part of text) context.stdout.write(part);
  if (excess !== undefined)
    throw excessError(excess, share, `these are the narrowest ${rules.size}`);
}

/** Whether the file holds rules, which are kept rather than replaced by a part of them. */
function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
