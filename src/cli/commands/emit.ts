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
      'Writes the rules: the active entries, less the allow-list, coalesced to the fewest prefixes that block exactly the same addresses.',
    )
    .addOption(
      new Option('--format <format>', 'how they are written').choices(FORMATS).default('pf'),
    )
    .option('-o, --output <file>', 'write the file whole or not at all, its mode kept')
    .addHelpText(
      'after',
      `
Formats:
  pf        a table file, one prefix a line
  pf-rules  the table and its block rule, for an anchor
  nft       a table for nft -f, replaced in one transaction
  plain     one prefix a line
  json      an array of strings

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
    context.remark(`${rules.size} rules written to ${options.output}`);
    return;
  }
  for (const part of text) context.stdout.write(part);
}
