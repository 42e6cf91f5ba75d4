import { readFileSync, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { excessError, excessOf, narrowestRulesAt, rulesAt } from '../../engine/rules-at.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { MAX_TABLE_FILE_LINES, TABLE_FILE_ADVICE } from '../../firewall/pf-text.ts';
import { MAX_EMPTIED } from '../../firewall/reconcile.ts';
import { FORMATS, formatRules, type RuleFormat } from '../../firewall/rule-text.ts';
import type { Context } from '../context.ts';

const NEWLINE = 0x0a;

interface EmitOptions {
  readonly format: RuleFormat;
  readonly output?: string;
  readonly force?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints the rules: the active entries and feeds minus the allow-list, this host and trusted addresses, coalesced to the fewest prefixes that cover exactly the same addresses.',
    )
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('pf'))
    .option('-o, --output <file>', 'replace this file atomically, keeping its mode')
    .option('--force', 'allow emptying a large file, and rules that cover more than limits.share')
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
  mcblock emit --output /etc/pf.blocked               what pf loads when the machine starts
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
  const { now, doubtfulSince } = context.time;
  const all = rulesAt(store, policy, now, doubtfulSince);
  const excess = options.force ? undefined : excessOf(all, share);
  const held = options.output === undefined ? 0 : linesOf(options.output);
  if (excess !== undefined && held > 0) {
    throw excessError(excess, share, `${options.output} stays as it is`);
  }
  if (held > MAX_EMPTIED && all.size === 0 && !options.force) {
    throw new McblockError(
      'protected',
      `${options.output} holds ${held} lines and would be emptied; use --force`,
    );
  }
  const rules = excess === undefined ? all : narrowestRulesAt(store, policy, now, doubtfulSince);
  const text = formatRules(rules, format, table);
  if (options.output !== undefined) {
    writeFileWhole(options.output, text);
    context.remark(`${options.output} written: ${rules.size} rules`);
    if (format === 'pf' && rules.size > MAX_TABLE_FILE_LINES) {
      context.remark(
        `FreeBSD refuses a table file of more than ${MAX_TABLE_FILE_LINES} lines, and pf.conf with it: ${TABLE_FILE_ADVICE}`,
      );
    }
  } else for (const part of text) context.stdout.write(part);
  if (excess !== undefined)
    throw excessError(excess, share, `these are the narrowest ${rules.size}`);
}

/** How many lines of rules the file holds. */
function linesOf(path: string): number {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 0;
    let lines = 0;
    for (const byte of readFileSync(path)) if (byte === NEWLINE) lines += 1;
    return lines;
  } catch (cause) {
    throw new McblockError('file', `${path}: ${reasonOf(cause)}`, { cause });
  }
}
