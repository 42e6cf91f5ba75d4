import type { Command } from 'commander';
import { type Entry, type Seconds, stateOf } from '../../blocklist/entry.ts';
import { withinShare } from '../../engine/record/share-limit.ts';
import { McblockError } from '../../errors.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { FormerEntry, LastCommand } from '../../store/undo.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import type { Context } from '../context.ts';
import { entryJson } from '../text/entry-text.ts';
import { printable } from '../text/printable.ts';
import { isoTime, shortTime } from '../text/time.ts';

interface UndoOptions extends ApplyChoice {
  readonly dryRun?: true;
  readonly force?: true;
}

/** Further entries are only counted, except with --verbose. */
const MAX_LINES = 20;

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Undoes the last command that changed entries (add, expire, forget, import, grok): restores the entries with their history, and forgets that logs were read. Entries that other commands changed since stay as they are. Only the last command can be undone.',
    )
    .option('--dry-run', 'show what would be undone; change nothing')
    .option('--force', 'even if more would be blocked than limits.share allows')
    .addHelpText(
      'after',
      `
Examples:
  mcblock undo --dry-run
  mcblock undo
`,
    )
    .action((options: UndoOptions) => undo(context, options));
}

async function undo(context: Context, options: UndoOptions): Promise<void> {
  const { limits } = await context.policy();
  const store = await context.store(options.dryRun ? 'read' : 'write');
  const look = (): { last: LastCommand; entries: FormerEntry[] } => ({
    last: takeable(store.lastCommand()),
    entries: [...store.formerEntries()],
  });
  const { last, entries } = options.dryRun
    ? look()
    : store.transaction(() => {
        const looked = look();
        if (options.force) store.takeBack();
        else withinShare(store, limits.share, context.now, 'undo', () => store.takeBack());
        return looked;
      });
  if (context.options.json) context.json(undoJson(context, last, entries, options));
  else context.lines(undoLines(context, last, entries, options));
  if (!options.dryRun) await applyAfterwards(context, options);
}

function takeable(last: LastCommand | undefined): LastCommand {
  if (last === undefined) {
    throw new McblockError('input', 'nothing to undo');
  }
  if (last.isTooLarge) {
    throw new McblockError(
      'input',
      `the last command changed too many entries to be undone: ${printable(last.text)}; expire them, or import the last export into a new store`,
    );
  }
  return last;
}

function undoJson(
  { now }: Context,
  { text, at, changedSince, logs }: LastCommand,
  entries: readonly FormerEntry[],
  { dryRun = false }: { dryRun?: boolean },
): object {
  return {
    command: text,
    at: isoTime(at),
    dryRun,
    entries: entries.map(({ prefix, former }) => ({
      prefix: formatPrefix(prefix),
      before: former === undefined ? null : entryJson(former.entry, now),
    })),
    changedSince,
    logs,
  };
}

function* undoLines(
  { now, options: { verbose } }: Context,
  { text, at, changedSince, logs }: LastCommand,
  entries: readonly FormerEntry[],
  { dryRun }: UndoOptions,
): Generator<string> {
  const done = dryRun ? 'would undo' : 'undone';
  yield `${done}: ${printable(text)} (${shortTime(at)} UTC)`;
  const shown = verbose ? entries : entries.slice(0, MAX_LINES);
  for (const { prefix, former } of shown) {
    yield `  ${shortPrefix(prefix)}: ${former === undefined ? 'no entry' : stateText(former.entry, now)}`;
  }
  if (shown.length < entries.length) yield `  and ${entries.length - shown.length} more`;
  if (changedSince > 0) yield `  ${changedSince} changed since, kept as they are`;
  if (logs > 0) yield `  ${logs} ${logs === 1 ? 'log' : 'logs'} forgotten, to be read again`;
}

function stateText(entry: Entry, now: Seconds): string {
  const state = stateOf(entry, now);
  if (state === 'never') return 'never active';
  if (state === 'expired') return state;
  return entry.expiresAt === 'forever'
    ? 'active forever'
    : `active until ${shortTime(entry.expiresAt)} UTC`;
}
