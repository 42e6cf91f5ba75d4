import type { Command } from 'commander';
import { type Entry, type Seconds, stateOf } from '../../blocklist/entry.ts';
import { countText, nounText } from '../../count-text.ts';
import { withinShare } from '../../engine/record/share-limit.ts';
import { McblockError } from '../../errors.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { RecordedCommand } from '../../store/commands.ts';
import type { Store } from '../../store/store.ts';
import type { FormerAllowed, FormerEntry } from '../../store/undo-steps.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import type { Context } from '../context.ts';
import { COMMAND_COLUMNS, commandJson } from '../text/command-text.ts';
import { entryJson } from '../text/entry-text.ts';
import { printable } from '../text/printable.ts';
import { isoTime, shortTime, untilText } from '../text/time.ts';
import { wholeNumber } from '../whole-number.ts';

interface UndoOptions extends ApplyChoice {
  readonly dryRun?: true;
  readonly force?: true;
  readonly steps?: number;
  readonly list?: true;
}

/** A command that is undone, and the entries before it. */
interface UndoneStep {
  readonly step: RecordedCommand;
  readonly entries: readonly FormerEntry[];
  /** The number of these entries. */
  readonly count: number;
  /** The prefixes that it changed on the allow-list, and whether each was there before. */
  readonly allowed: readonly FormerAllowed[];
  /** Its reports to the fleet that were not sent yet, and will not be. */
  readonly reports?: number;
}

/** Further entries are only counted, except with --verbose. */
const MAX_LINES = 20;
/** Entries of one command in JSON or with --verbose. */
const MAX_ENTRIES = 10_000;
const MAX_STEPS = 20;

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Undoes the last command that changed entries or the allow-list (add, expire, forget, allow, widen, import, share, grok): restores the entries with their history, the allow-list and the logins that an import brought, and forgets that logs were read. What other commands changed since stays as it is. Run again, it undoes the command before; at most the last 20 can be undone.',
    )
    .option('--steps <n>', 'undo this many commands', wholeNumber(MAX_STEPS))
    .option('--list', 'list the commands that can be undone, latest first')
    .option('--dry-run', 'show what would be undone; change nothing')
    .option('--force', 'undo even if more would be blocked than limits.share allows')
    .addHelpText(
      'after',
      `
Examples:
  mcblock undo --list
  mcblock undo --dry-run
  mcblock undo --steps 3
`,
    )
    .action((options: UndoOptions) => undo(context, options));
}

async function undo(context: Context, options: UndoOptions): Promise<void> {
  const { steps = 1, dryRun, force } = options;
  if (options.list) return list(context, (await context.store('read')).undo.last(MAX_STEPS));
  const { limits } = await context.policy();
  const store = await context.storeOrCopy('change', dryRun);
  const isLong = context.options.verbose || context.options.json;
  const look = (step: RecordedCommand): UndoneStep => ({
    step: takeable(step),
    entries: store.undo.entries(step, isLong ? MAX_ENTRIES : MAX_LINES),
    count: store.undo.countEntries(step),
    allowed: store.undo.allowed(step),
  });
  const undoOne = (): UndoneStep => {
    const [step] = stepsOf(store, 1);
    const looked = look(step);
    return { ...looked, reports: store.undo.takeBack(step) };
  };
  const undoAll = () => stepsOf(store, steps).map(undoOne);
  const undone = store.transaction(() =>
    force ? undoAll() : withinShare(store, limits.share, context.now, 'undo', undoAll),
  );
  const { now } = context;
  if (context.options.json) {
    const json = undone.map((one) => undoJson(one, dryRun ?? false, now));
    context.json(options.steps === undefined ? json[0] : json);
  } else context.lines(undone.flatMap((one) => [...undoLines(one, dryRun ?? false, now)]));
  if (!dryRun && undone.some(({ step }) => step.isSent)) {
    context.remark(
      'the fleet has it already; to change it there, use add, expire or allow --share',
    );
  }
  if (!dryRun) await applyAfterwards(context, options);
}

/** The last commands. Throws McblockError('input') if there are fewer. */
function stepsOf(store: Store, most: number): [RecordedCommand, ...RecordedCommand[]] {
  const [first, ...more] = store.undo.last(most);
  if (first === undefined) throw new McblockError('input', 'nothing to undo');
  const count = more.length + 1;
  if (count === most) return [first, ...more];
  const commands = nounText(count, 'command', 'commands');
  throw new McblockError('input', `only ${commands} can be undone; nothing changed`);
}

function takeable(step: RecordedCommand): RecordedCommand {
  if (step.state !== 'too large') return step;
  throw new McblockError(
    'input',
    `the last command changed too many entries to be undone: ${printable(step.text)}; expire them, or import the last export into a new store`,
  );
}

function list(context: Context, steps: readonly RecordedCommand[]): void {
  if (context.options.json) context.json(steps.map(commandJson));
  else if (steps.length === 0) context.remark('nothing to undo');
  else context.table(COMMAND_COLUMNS, steps);
}

function undoJson(undone: UndoneStep, dryRun: boolean, now: Seconds): object {
  const { step, entries, count, allowed, reports } = undone;
  return {
    command: step.text,
    user: step.user,
    at: isoTime(step.at),
    dryRun,
    count,
    entries: entries.map(({ prefix, former }) => ({
      prefix: formatPrefix(prefix),
      before: former === undefined ? null : entryJson(former.entry, now),
    })),
    allowed: allowed.map(({ prefix, wasAllowed }) => ({
      prefix: formatPrefix(prefix),
      before: wasAllowed,
    })),
    changedSince: step.entries - count,
    logs: step.logs,
    reports,
    sent: step.isSent,
  };
}

function* undoLines(undone: UndoneStep, dryRun: boolean, now: Seconds): Generator<string> {
  const { step, entries, count, allowed, reports = 0 } = undone;
  const { text, at, logs } = step;
  yield `${dryRun ? 'would undo' : 'undone'}: ${printable(text)} (${shortTime(at)} UTC)`;
  for (const { prefix, former } of entries) {
    yield `  ${shortPrefix(prefix)}: ${former === undefined ? 'no entry' : stateText(former.entry, now)}`;
  }
  if (entries.length < count) yield `  and ${countText(count - entries.length)} more`;
  for (const { prefix, wasAllowed } of allowed.slice(0, MAX_LINES)) {
    yield `  ${shortPrefix(prefix)}: ${wasAllowed ? 'on' : 'not on'} the allow-list`;
  }
  if (allowed.length > MAX_LINES) yield `  and ${countText(allowed.length - MAX_LINES)} more`;
  const changedSince = step.entries - count;
  if (changedSince > 0) yield `  ${countText(changedSince)} changed since, left as they are`;
  if (logs > 0) yield `  ${nounText(logs, 'log', 'logs')} forgotten, to be read again`;
  if (reports > 0) yield `  ${nounText(reports, 'report', 'reports')} to the fleet taken back`;
}

function stateText(entry: Entry, now: Seconds): string {
  const state = stateOf(entry, now);
  if (state === 'never') return 'never active';
  if (state === 'expired') return state;
  return `active ${untilText(entry.expiresAt)}`;
}
