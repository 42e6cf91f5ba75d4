import { type Command, Option } from 'commander';
import { rulesAt } from '../../engine/rules-at.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { FORMATS, formatRules, type RuleFormat } from '../../firewall/rule-text.ts';
import type { Context } from '../context.ts';

interface EmitOptions {
  readonly format: RuleFormat;
  readonly output?: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints the rules: the active entries minus the allow-list, coalesced to the fewest prefixes that cover exactly the same addresses.',
    )
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('pf'))
    .option('-o, --output <file>', 'replace this file atomically, keeping its mode')
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
`,
    )
    .action((options: EmitOptions) => emit(context, options));
}

async function emit(context: Context, options: EmitOptions): Promise<void> {
  const format = context.options.json ? 'json' : options.format;
  const table = (await context.config()).get('firewall.table');
  const store = await context.store('read');
  const rules = rulesAt(store, context.now);
  const text = formatRules(rules, format, table);
  if (options.output !== undefined) {
    writeFileWhole(options.output, text);
    context.remark(`${options.output} written: ${rules.size} rules`);
    return;
  }
  for (const part of text) context.stdout.write(part);
}
