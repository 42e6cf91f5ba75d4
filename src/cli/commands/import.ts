import type { Command } from 'commander';
import { withinShare } from '../../engine/record/share-limit.ts';
import { TextFile } from '../../engine/text-file.ts';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import {
  addHandOptions,
  expiryOf,
  type HandDecision,
  type HandOptions,
  handBlocker,
  refuseTooWide,
} from '../by-hand.ts';
import type { Context } from '../context.ts';
import { Progress } from '../progress.ts';
import { countText } from '../text/count.ts';

export function define(command: Command, context: Context): void {
  addApplyOptions(addHandOptions(command))
    .description(
      'Imports a list of prefixes, one per line (# and ; start comments), and blocks them like "mcblock add"; or an exported store, which is merged into this one. If anything is wrong, nothing is imported.',
    )
    .argument('[file]', 'list or export; - for stdin, the default')
    .addHelpText(
      'after',
      `
Examples:
  mcblock import --note "old list" --for 1y blocked.txt
  mcblock import < mcblock-backup.ndjson
`,
    )
    .action((file: string | undefined, options: ImportOptions) =>
      importFile(context, file, options),
    );
}

type ImportOptions = HandOptions & ApplyChoice;

async function importFile(
  context: Context,
  path: string | undefined,
  options: ImportOptions,
): Promise<void> {
  expiryOf(options, context.now);
  const file = new TextFile(path ?? '-');
  try {
    const policies = await context.policies();
    const store = await context.store('write');
    const progress = new Progress(context, `importing ${file.name}`);
    const outcome = store.transaction(() => {
      const lines = file.lines();
      const first = lines.next();
      const rest = first.done ? [] : withFirst(first.value, lines);
      if (!first.done && first.value.startsWith('{')) {
        refuseOptions(options);
        const merge = () => importExport(store, file.name, rest);
        const records = options.force
          ? merge()
          : withinShare(store, policies.share, context.now, file.name, merge);
        return { records };
      }
      const { now, env } = context;
      const block = handBlocker(store, policies, 'import', options, now, env);
      return importList(block, file.name, rest, options, progress);
    });
    progress.end();
    if (context.options.json) context.json(outcome);
    else context.lines([outcomeText(outcome)]);
    await applyAfterwards(context, options, { force: options.force });
  } finally {
    file.close();
  }
}

interface ListOutcome {
  prefixes: number;
  new: number;
  reactivated: number;
  covered: number;
}

type ImportOutcome = ListOutcome | { readonly records: number };

function importList(
  block: (prefix: Prefix) => HandDecision,
  name: string,
  lines: Iterable<string>,
  options: HandOptions,
  progress: Progress,
): ListOutcome {
  const outcome = { prefixes: 0, new: 0, reactivated: 0, covered: 0 };
  let number = 0;
  for (const line of lines) {
    number++;
    const text = line.replace(/[#;].*/, '').trim();
    if (text === '') continue;
    try {
      const prefix = parsePrefix(text);
      refuseTooWide(prefix, options);
      const { kind } = block(prefix);
      outcome.prefixes++;
      if (kind !== 'evidence') outcome[kind]++;
    } catch (error) {
      if (!(error instanceof McblockError) || error.code === 'store') throw error;
      const code = error.code === 'usage' ? 'input' : error.code;
      throw new McblockError(code, `${name}:${number}: ${nothing(error)}`, {
        cause: error,
      });
    }
    if (number % 10_000 === 0) progress.show(`${countText(number)} lines`);
  }
  return outcome;
}

function importExport(store: Store, name: string, lines: Iterable<string>): number {
  try {
    return store.importRows(jsonRows(lines));
  } catch (error) {
    if (!(error instanceof McblockError) || error.code === 'store') throw error;
    throw new McblockError(error.code, `${name}: ${nothing(error)}`, {
      cause: error,
    });
  }
}

function nothing({ message }: Error): string {
  return `${message} (nothing imported)`;
}

function* jsonRows(lines: Iterable<string>): Generator {
  let number = 0;
  for (const line of lines) {
    number++;
    try {
      yield JSON.parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new McblockError('input', `line ${number}: not JSON (damaged or truncated)`, {
        cause: error,
      });
    }
  }
}

/** An export has expiry and note of each entry itself. */
function refuseOptions(options: HandOptions): void {
  const given = Object.keys(options).find((name) => name !== 'force' && name !== 'apply');
  if (given === undefined) return;
  throw new McblockError('usage', `--${given} is for lists of prefixes, not for exported stores`);
}

function* withFirst(first: string, rest: Iterable<string>): Generator<string> {
  yield first;
  yield* rest;
}

function outcomeText(outcome: ImportOutcome): string {
  if ('records' in outcome) return `${outcome.records} records imported`;
  const { prefixes, reactivated, covered } = outcome;
  return `${prefixes} prefixes: ${outcome.new} new, ${reactivated} reactivated, ${covered} already on the blocklist`;
}
