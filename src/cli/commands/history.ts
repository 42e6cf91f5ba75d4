import type { Command } from 'commander';
import { countText } from '../../count-text.ts';
import { McblockError } from '../../errors.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { Context } from '../context.ts';
import { changeJson, changeLine } from '../text/change-text.ts';
import { COMMAND_COLUMNS, commandJson } from '../text/command-text.ts';
import { parseSpan } from '../text/time.ts';
import { wholeNumber } from '../whole-number.ts';

interface HistoryOptions {
  readonly since?: string;
  readonly until?: string;
  readonly command?: string;
  readonly by?: string;
  readonly limit: number;
  readonly commands?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows what was changed, when, by whom and by which command, the latest first: activations with their origin, note and logs, and other changes of entries and of the allow-list. With an address or prefix, only changes that concern it.',
    )
    .argument('[address|prefix]')
    .option('--since <time>', 'only since then: 2026-03-24, or 7d for the last seven days')
    .option('--until <time>', 'only before then')
    .option('--command <text>', 'only by commands that contain this text')
    .option('--by <text>', 'only by users, machines or logs whose names contain this text')
    .option('--limit <n>', 'at most this many changes', wholeNumber(), 50)
    .option('--commands', 'list the commands, with the number of entries that each changed')
    .addHelpText(
      'after',
      `
Examples:
  mcblock history 5.149.105.9
  mcblock history --since 1d --command add
  mcblock history --by auth.log --limit 500
  mcblock history --commands --since 7d
  mcblock history --json --limit 1000000 | jq -r '.[] | select(.action == "expired").prefix'

Commands are recorded since the version that introduced history. An older activation shows only its
origin.
`,
    )
    .action((text: string | undefined, options: HistoryOptions) => history(context, text, options));
}

async function history(
  context: Context,
  text: string | undefined,
  { limit, commands, ...options }: HistoryOptions,
): Promise<void> {
  const prefix = text === undefined ? undefined : parsePrefix(text);
  const store = await context.store('read');
  const span = { ...options, ...parseSpan(options, context.now) };
  if (commands) {
    if (prefix !== undefined) {
      throw new McblockError('usage', '--commands cannot be used with an address or prefix');
    }
    const found = store.commands.list(span, limit);
    if (context.options.json) context.json(found.map(commandJson));
    else if (found.length === 0) context.remark('no commands');
    else context.table(COMMAND_COLUMNS, found);
    return;
  }
  // One more, to tell whether there are more.
  const found = store.changes.list({ ...span, prefix }, limit + 1);
  const changes = found.slice(0, limit);
  if (context.options.json) context.json(changes.map(changeJson));
  else if (changes.length === 0) context.remark('no changes');
  else context.lines(changes.map(changeLine));
  if (found.length > limit) {
    context.remark(`more than ${countText(limit)} changes; use --limit or --since`);
  }
}
