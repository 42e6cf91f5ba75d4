import { readFileSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { excessError, excessOf, narrowestRulesAt, rulesAt } from '../../engine/rules-at.ts';
import { errorOf, McblockError } from '../../errors.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { type Community, DEFAULT_COMMUNITIES, readCommunity } from '../../firewall/bgp-text.ts';
import { MAX_TABLE_FILE_LINES, TABLE_FILE_ADVICE } from '../../firewall/pf-text.ts';
import { MAX_EMPTIED } from '../../firewall/reconcile.ts';
import { FORMATS, formatRules, ROUTE_FORMATS, type RuleFormat } from '../../firewall/rule-text.ts';
import type { Context } from '../context.ts';

const NEWLINE = 0x0a;

interface EmitOptions {
  readonly format: RuleFormat;
  readonly community?: Community[];
  readonly output?: string;
  readonly force?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints the rules: the active entries and feeds minus the allow-list, this host and trusted addresses, coalesced to the fewest prefixes that cover exactly the same addresses. With --now, those of then.',
    )
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('pf'))
    .addOption(
      new Option(
        '--community <community...>',
        'communities of the routes, such as 64500:666 or 4200000000:1:666; default: BLACKHOLE and NO_EXPORT, 65535:666 65535:65281',
      ).argParser(communities),
    )
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
  bird      static routes, to include in bird.conf
  openbgpd  prefix-set and network statement, to include in bgpd.conf
  exabgp    template with static routes, for the neighbors to inherit

Examples:
  mcblock emit --output /etc/pf.blocked               what pf loads when the machine starts
  mcblock emit --format pf-rules | pfctl -a mcblock -f -
  mcblock emit --format nft | nft -f -
  mcblock emit --format bird --output /etc/bird/mcblock.conf && birdc configure

If the rules cover more than limits.share, an output file that holds something stays as it is; else
the narrowest of them are written. Exit code 1.
`,
    )
    .action((options: EmitOptions) => emit(context, options));
}

async function emit(context: Context, options: EmitOptions): Promise<void> {
  const format = context.options.json ? 'json' : options.format;
  if (options.community && !ROUTE_FORMATS.includes(format)) {
    throw new McblockError('usage', `--community is for --format ${ROUTE_FORMATS.join(', ')}`);
  }
  const table = (await context.config()).get('firewall.table');
  const policy = await context.policy();
  const { share } = policy.limits;
  const store = await context.reader();
  const { now, doubtfulSince } = context.time;
  const all = rulesAt(store, policy, now, doubtfulSince);
  const excess = options.force ? undefined : excessOf(all, share);
  const held = options.output === undefined ? 0 : linesOf(options.output);
  if (excess !== undefined && held > 0) {
    throw excessError(excess, share, `${options.output} is unchanged`);
  }
  if (held > MAX_EMPTIED && all.size === 0 && !options.force) {
    throw new McblockError(
      'protected',
      `${options.output} holds ${held} lines and would be emptied; use --force`,
    );
  }
  const rules = excess === undefined ? all : narrowestRulesAt(store, policy, now, doubtfulSince);
  const text = formatRules(rules, format, table, options.community ?? DEFAULT_COMMUNITIES);
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

/** Adds one community to those read before it. */
function communities(text: string, before: readonly Community[] = []): Community[] {
  const community = readCommunity(text);
  if (community === undefined) {
    throw new InvalidArgumentError('use numbers such as 65535:666 or 4200000000:1:666');
  }
  return [...before, community];
}

/** How many lines of rules the file holds. */
function linesOf(path: string): number {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 0;
    let lines = 0;
    for (const byte of readFileSync(path)) if (byte === NEWLINE) lines += 1;
    return lines;
  } catch (cause) {
    throw errorOf('file', path, cause);
  }
}
