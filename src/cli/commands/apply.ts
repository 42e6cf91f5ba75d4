import type { Command } from 'commander';
import { type AppliedRules, type ApplyOptions } from '../../engine/firewall/apply-rules.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { applyConfigured } from '../afterwards.ts';
import type { Context } from '../context.ts';
import { appliedText } from '../text/applied-text.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Makes the firewall hold exactly the rules, whatever it held before: reads its table, changes the difference and nothing else, and reads again. The configuration says which firewall ([firewall]).',
    )
    .option('--dry-run', 'show what would be added (+) and removed (-), change nothing')
    .option('--force', 'also empty a large table, and put in rules wider than /8 or /19')
    .option('--kill', 'end the connections of what is newly blocked (pf)')
    .addHelpText(
      'after',
      `
Examples:
  mcblock apply
  mcblock apply --dry-run
  mcblock apply --kill
`,
    )
    .action((options: ApplyOptions) => apply(context, options));
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  const applied = await applyConfigured(context, options);
  if (context.options.json) context.json(appliedJson(applied, options));
  else if (options.dryRun) {
    context.lines(differenceLines(applied));
    context.remark(`${applied.firewall} would hold ${applied.rules} rules`);
  } else context.lines([appliedText(applied)]);
}

function appliedJson(applied: AppliedRules, { dryRun = false }: ApplyOptions): object {
  const { firewall, rules, added, removed, whole } = applied;
  return {
    firewall,
    dryRun,
    rules,
    whole,
    added: Array.from(added, formatPrefix),
    removed: Array.from(removed, formatPrefix),
  };
}

function* differenceLines({ added, removed }: AppliedRules): Generator<string> {
  for (const prefix of removed) yield `- ${formatPrefix(prefix)}`;
  for (const prefix of added) yield `+ ${formatPrefix(prefix)}`;
}
