import { type Command, Option } from 'commander';
import { countText, nounText } from '../../count-text.ts';
import { type ImportedBans, importBans, noteOf } from '../../engine/import/import-bans.ts';
import { LocalTimes } from '../../engine/import/local-times.ts';
import { readList } from '../../engine/import/readers/list.ts';
import { type ForeignProgram, READERS } from '../../engine/import/readers.ts';
import type { Policies } from '../../engine/policies.ts';
import { EntrySharer } from '../../engine/record/entry-sharer.ts';
import { withinShare } from '../../engine/record/share-limit.ts';
import { TextFile } from '../../engine/text-file.ts';
import { McblockError } from '../../errors.ts';
import { serverUrl } from '../../fleet/client/api-endpoint.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import {
  addHandOptions,
  expiryOf,
  type HandOptions,
  handBlocker,
  refuseTooWide,
} from '../by-hand.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { Progress } from '../progress.ts';
import { printable } from '../text/printable.ts';
import { OUTBOX_FULL } from '../text/shared-text.ts';

export function define(command: Command, context: Context): void {
  addApplyOptions(addHandOptions(command))
    .description(
      'Imports a list of prefixes, one per line (# and ; start comments), and blocks them like "mcblock add"; or an exported store, which is merged into this one. If anything is wrong, nothing is imported. With --from, imports the bans of another program.',
    )
    .argument('[file]', 'list, export or file of another program; - for stdin, the default')
    .addOption(
      new Option('--from <program>', 'the file is of this program').choices(Object.keys(READERS)),
    )
    .option('--share', 'block them in the whole fleet, with the next sync')
    .option('--mask', 'take the network of prefixes with host bits set')
    .addHelpText(
      'after',
      `
Examples:
  mcblock import --note "old list" --for 1y blocked.txt
  mcblock import < mcblock-backup.ndjson
  mcblock import --from fail2ban /var/lib/fail2ban/fail2ban.sqlite3
  mcblock import --from sshguard /var/db/sshguard/blacklist.db
  mcblock import --from denyhosts /etc/hosts.deny
  cscli decisions list --limit 0 -o json | mcblock import --from crowdsec
  curl -u USER https://api.example.net/v1/pf | mcblock import --from acacia
  pfctl -t bruteforce -T show -v | mcblock import --from pf
  ipset save blocked | mcblock import --from ipset
  nft -j list set inet filter blocked | mcblock import --from nft

Lists may hold ranges (192.0.2.1-192.0.2.9). Their order has no meaning: the widest prefixes come
first, and what lies within them is already blocked.

With --from, a ban that ends keeps its times. One that has ended is kept as history; one that the
program calls permanent lasts forever. --for, --until and --forever apply to bans without an end; without
them, these last for the usual penalty from now on. Each prefix is taken as it is, as with --exact.
A ban that cannot be imported is named and left out, and the exit code is 1.
`,
    )
    .action((file: string | undefined, options: ImportCommandOptions) =>
      importFile(context, file, options),
    );
}

interface ImportCommandOptions extends HandOptions, ApplyChoice {
  readonly from?: ForeignProgram;
  readonly mask?: true;
  readonly share?: true;
}

async function importFile(
  context: Context,
  path: string | undefined,
  options: ImportCommandOptions,
): Promise<void> {
  expiryOf(options, context.now);
  const file = new TextFile(path ?? '-');
  try {
    const config = await context.config();
    if (options.share) requireFleet(config);
    const policies = await context.policies();
    const times = new LocalTimes(config.get('timezone'));
    const store = await context.store('write');
    const progress = new Progress(context, `importing ${file.name}`);
    const sharer = options.share
      ? new EntrySharer(
          store,
          store.fleetState.widest(serverUrl(config.get('fleet.url'))),
          context.now,
        )
      : undefined;
    const outcome = store.transaction((): ImportOutcome => {
      const { now } = context;
      if (options.from !== undefined) {
        const bans = READERS[options.from]({ file, now, times });
        return importList(context, store, policies, file.name, bans, options, progress, sharer);
      }
      const lines = file.lines();
      const first = lines.next();
      const rest = first.done ? [] : withFirst(first.value, lines);
      if (!first.done && first.value.startsWith('{')) {
        refuseOptions(options);
        const merge = () => importExport(store, file.name, rest);
        const records = options.force
          ? merge()
          : withinShare(store, policies.limits.share, now, file.name, merge);
        return { records };
      }
      const bans = readList(rest);
      return importList(context, store, policies, file.name, bans, options, progress, sharer);
    });
    progress.end();
    report(context, file.name, outcome, sharer?.counts);
    if ('prefixes' in outcome && outcome.prefixes === 0) return;
    await applyAfterwards(context, options, { force: options.force });
  } finally {
    file.close();
  }
}

type ImportOutcome = ImportedBans | { readonly records: number };

function importList(
  { now, time, env }: Context,
  store: Store,
  policies: Policies,
  name: string,
  bans: ReturnType<typeof readList>,
  options: ImportCommandOptions,
  progress: Progress,
  sharer: EntrySharer | undefined,
): ImportedBans {
  const { from, mask = false } = options;
  const maker = from && { by: from, byAdmin: false };
  const hand = from === undefined ? options : { ...options, exact: true as const };
  const block = handBlocker(store, policies, 'import', hand, time, env, maker);
  return importBans(bans, {
    name,
    now,
    mask,
    isStrict: from === undefined,
    entries: () => store.snapshot().prefixes(),
    block: (ban, isAlone) => {
      refuseTooWide(ban.prefix, options);
      const known = from && { ...ban, reason: noteOf(from, ban.reason) };
      const decision = block(ban.prefix, known, isAlone);
      sharer?.share(decision.entry);
      return decision;
    },
    progress: (what, count) => progress.show(`${countText(count)} ${what}`),
  });
}

function report(
  context: Context,
  name: string,
  outcome: ImportOutcome,
  sharing: EntrySharer['counts'] | undefined,
): void {
  if (context.options.json) context.json({ ...outcome, sharing });
  else context.lines([outcomeText(outcome)]);
  if (sharing !== undefined) tellShared(context, sharing);
  if ('records' in outcome || outcome.leftOut === 0) return;
  context.exit(1);
  for (const { number, reason } of outcome.firstLeftOut) {
    context.remark(printable(`left out ${name}:${number}: ${reason}`));
  }
  const more = outcome.leftOut - outcome.firstLeftOut.length;
  if (more > 0) context.remark(`and ${countText(more)} more`);
}

function tellShared(context: Context, counts: EntrySharer['counts']): void {
  const { shared, full, 'too wide': wide } = counts;
  context.remark(`${nounText(shared, 'entry', 'entries')} shared with the next sync`);
  if (wide > 0) {
    context.remark(`${countText(wide)} recorded here, not shared: wider than the fleet takes`);
  }
  if (full > 0) context.remark(`${countText(full)} not shared: ${OUTBOX_FULL}`);
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
  const { prefixes, reactivated, covered, expired, leftOut } = outcome;
  const past = expired === 0 ? '' : `, ${expired} of them expired`;
  const rest = leftOut === 0 ? '' : `; ${leftOut} left out`;
  return `${nounText(prefixes, 'prefix', 'prefixes')}: ${outcome.new} new, ${reactivated} reactivated${past}, ${covered} already on the blocklist${rest}`;
}
