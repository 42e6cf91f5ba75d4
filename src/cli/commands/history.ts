import type { Command } from 'commander';
import { McblockError } from '../../errors.ts';
import { formatPrefix, parsePrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { RecordedChange } from '../../store/changes.ts';
import type { Context } from '../context.ts';
import { parseLimit } from '../limit.ts';
import { countText } from '../text/count.ts';
import { printable } from '../text/printable.ts';
import { isoTime, parsePast, shortTime } from '../text/time.ts';

interface HistoryOptions {
  readonly since?: string;
  readonly until?: string;
  readonly command?: string;
  readonly by?: string;
  readonly limit: number;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows what was changed, when, by whom and by which command, the latest first: activations with their origin, note and logs, and what else was done to entries and to the allow-list. With an address or prefix, only what concerns it.',
    )
    .argument('[address or prefix]')
    .option('--since <time>', 'from then on: 2026-03-24, or 7d for the last seven days')
    .option('--until <time>', 'before then')
    .option('--command <text>', 'only by commands that contain this text')
    .option('--by <text>', 'only by users, machines or logs whose names contain this text')
    .option('--limit <n>', 'at most this many changes', parseLimit, 50)
    .addHelpText(
      'after',
      `
Examples:
  mcblock history 5.149.105.9
  mcblock history --since 1d --command add
  mcblock history --by auth.log --limit 500
  mcblock history --json --limit 1000000 | jq -r '.[] | select(.action == "expired").prefix'

Commands are recorded from the version on that has this command; an activation that is older has its
origin only.
`,
    )
    .action((text: string | undefined, options: HistoryOptions) => history(context, text, options));
}

async function history(
  context: Context,
  text: string | undefined,
  { limit, ...options }: HistoryOptions,
): Promise<void> {
  const prefix = text === undefined ? undefined : parsePrefix(text);
  const store = await context.store('read');
  const [since, until] = (['since', 'until'] as const).map((name) => {
    const time = options[name];
    return time === undefined ? undefined : parsePast(time, `--${name}`, context.now);
  });
  if (since !== undefined && until !== undefined && since >= until) {
    throw new McblockError('usage', '--since must be before --until');
  }
  // One more, to tell whether there are more.
  const found = store.changes.list({ ...options, prefix, since, until }, limit + 1);
  const changes = found.slice(0, limit);
  if (context.options.json) context.json(changes.map(changeJson));
  else if (changes.length === 0) context.remark('no changes');
  else context.lines(changes.map(changeLine));
  if (found.length > limit) {
    context.remark(`more than ${countText(limit)} changes; use --limit or --since`);
  }
}

function changeJson(change: RecordedChange): object {
  const { prefix, at, action, activation, since, until, origin, note, by, command, user } = change;
  return {
    at: isoTime(at),
    action,
    prefix: formatPrefix(prefix),
    activation: activation ?? null,
    since: since === undefined ? null : isoTime(since),
    until: until === undefined ? null : isoTime(until),
    origin: origin ?? null,
    note,
    by: by === '' ? null : by,
    user: user === '' ? null : user,
    command: command === '' ? null : command,
    logs: change.logs,
  };
}

/** One line: when, what became of which prefix, from where, and by whom. */
function changeLine(change: RecordedChange): string {
  const { at, prefix, origin, note, by, command, user, logs } = change;
  const parts = [
    origin && `origin ${origin}`,
    by && `from ${printable(by)}`,
    note && noteText(change),
    logs.length > 0 && `in ${logs.map(printable).join(', ')}`,
    command && `by ${user === '' ? '' : `${printable(user)}: `}${printable(command)}`,
  ].filter((part) => part);
  const what = `${shortTime(at)}  ${shortPrefix(prefix)} ${actionText(change)}`;
  return parts.length === 0 ? what : `${what}; ${parts.join('; ')}`;
}

function actionText({ at, action, activation, since, until = 'forever' }: RecordedChange): string {
  const end = until === 'forever' ? 'forever' : `until ${shortTime(until)}`;
  switch (action) {
    case 'activated': {
      const begin = since === undefined || since === at ? '' : `from ${shortTime(since)} `;
      return `${activation === 1 ? 'blocked' : `blocked again (${activation})`} ${begin}${end}`;
    }
    case 'prolonged':
      return `prolonged ${end}`;
    case 'expired':
      return 'expired by hand';
    case 'withdrawn':
      return 'withdrawn';
    case 'forgotten':
      return 'forgotten';
    case 'undone':
      return 'restored by undo';
    case 'allowed':
      return `put on the allow-list${until === 'forever' ? '' : ` ${end}`}`;
    case 'disallowed':
      return 'removed from the allow-list';
  }
}

function noteText({ action, note }: RecordedChange): string {
  if (action === 'undone') return `of ${printable(note)}`;
  if (action !== 'withdrawn') return `"${printable(note)}"`;
  return note === 'mistake' ? 'a mistake' : 'a later login excuses its failures';
}
