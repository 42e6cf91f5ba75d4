import type { Command } from 'commander';
import { nounText } from '../../count-text.ts';
import { type AppliedRules, type ApplyOptions } from '../../engine/firewall/apply-rules.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { applyConfigured } from '../afterwards.ts';
import type { Context } from '../context.ts';
import { appliedText } from '../text/applied-text.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Brings the firewall up to date: makes its table hold exactly the rules, changing only what differs. The firewall is set by [firewall] in the configuration.',
    )
    .option('--dry-run', 'print what would be added (+) and removed (-); change nothing')
    .option(
      '--force',
      'allow emptying a large table, rules wider than /8 (IPv6: /19), and more than limits.share',
    )
    .option('--kill', 'kill the states of newly blocked prefixes (pf only)')
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
    context.remark(`${applied.firewall} would hold ${nounText(applied.rules, 'rule', 'rules')}`);
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
