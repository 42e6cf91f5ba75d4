import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { nounText } from '../../count-text.ts';
import { PendingSender } from '../../engine/sync/pending-sender.ts';
import { readPfTables } from '../../engine/sync/pf-tables.ts';
import { type PublishedTables, publishPfTables } from '../../engine/sync/publish-pf-tables.ts';
import {
  previewSync,
  type SyncOptions,
  type SyncRound,
  syncRound,
} from '../../engine/sync/sync-round.ts';
import { McblockError } from '../../errors.ts';
import { type ApplyChoice, addApplyOptions, updateFirewall } from '../afterwards.ts';
import { fleetClient } from '../config/fleet-client.ts';
import {
  catchUpOptions,
  openConfiguredPublisher,
  pfTableOptions,
  requirePubsub,
} from '../config/sync-options.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../text/duration.ts';
import { jsonText } from '../text/json-text.ts';
import { publishedText, roundJson, roundText } from '../text/sync-text.ts';

/** Spreads the requests of machines that were started at the same time. */
const SPREAD = 0.1;

interface SyncCommandOptions extends ApplyChoice {
  readonly onlyApi?: true;
  readonly onlyPubsub?: true;
  readonly every?: string;
  readonly spread?: string;
  readonly dryRun?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      "Exchanges bans with the fleet: reads pf's tables, publishes their addresses over Redis, reports them and other new bans to the API, fetches the bans of other machines, updates the firewall, and expires old addresses from the tables. Configured by [fleet] and [pubsub]. Reports are kept until the API takes them.",
    )
    .option('--only-api', 'exchange with the API only')
    .option('--only-pubsub', "only publish new addresses in pf's tables")
    .option('--every <time>', 'repeat, for example every 5m, until stopped')
    .option('--spread <time>', 'wait first, for less than this; always as long on one host')
    .option('--dry-run', 'show what would be done; change nothing')
    .addHelpText(
      'after',
      `
Examples:
  mcblock sync --quiet --only-pubsub             from cron(8) every minute
  mcblock sync --quiet --only-api --spread 4m    from cron(8) every five minutes
  mcblock sync --every 5m                        both, as a daemon
  mcblock sync --dry-run

An address is published once, and again if it left the table and came back. Machines that miss a
message get it from the API.

Exit code 1 if the API or Redis could not be reached; pending reports are sent the next time.
`,
    )
    .action((options: SyncCommandOptions) => sync(context, options));
}

/** The machines of a fleet do not all ask in the same second, and each does at equal intervals. */
function delayWithin(spread: string): number {
  const seconds = parseDuration(spread, '--spread');
  return createHash('sha256').update(hostname()).digest().readUInt32BE() % seconds;
}

/** A way to exchange bans. */
interface Way {
  round(): Promise<Done>;
  preview(): Promise<Done>;
  close(): void;
}

interface Done {
  readonly text: string;
  readonly json: object;
  /** Entries that the fleet is not told of; only the first time. */
  readonly unshared?: number | undefined;
  /** The steps that failed, in order. */
  readonly failures: readonly McblockError[];
}

async function sync(context: Context, options: SyncCommandOptions): Promise<void> {
  const { every } = options;
  if (options.onlyApi && options.onlyPubsub) {
    throw new McblockError('usage', 'use only one of --only-api and --only-pubsub');
  }
  const everySeconds = every === undefined ? undefined : parseDuration(every, '--every');
  const delay = options.spread === undefined ? 0 : delayWithin(options.spread);
  const stop = new AbortController();
  const end = () => stop.abort();
  const way = await (options.onlyPubsub ? byPubsub(context) : byApi(context, options, stop.signal));
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, end);
  try {
    await wait(delay * 1000, undefined, { signal: stop.signal }).catch(() => {});
    await context.store(options.dryRun ? 'dry-run' : 'write');
    if (!options.dryRun) context.time.require();
    if (options.dryRun) report(context, await way.preview(), true);
    else if (everySeconds === undefined) await once(context, way);
    else await repeatedly(context, way, everySeconds, stop.signal);
  } finally {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, end);
    way.close();
  }
}

async function byApi(
  context: Context,
  { onlyApi, ...choice }: SyncCommandOptions,
  signal: AbortSignal,
): Promise<Way> {
  const config = await context.config();
  const client = fleetClient(config, signal);
  const now = () => context.time.present;
  const policies = await context.policies();
  const options: SyncOptions = {
    ...catchUpOptions(config, policies, now),
    ...pfTableOptions(config),
    openPublisher:
      !onlyApi && config.get('pubsub.address') !== ''
        ? () => openConfiguredPublisher(config)
        : undefined,
    pending: new PendingSender(policies.windowSeconds, now),
    apply: async (isChanged) => (await updateFirewall(context, choice)).report(isChanged),
    warn: (text) => context.remark(text),
  };
  return {
    round: async () => roundDone(await syncRound(await context.store('write'), client, options)),
    preview: async () =>
      roundDone(await previewSync(await context.store('dry-run'), client, options)),
    close: () => client.close(),
  };
}

async function byPubsub(context: Context): Promise<Way> {
  const config = await context.config();
  requirePubsub(config);
  const open = () => openConfiguredPublisher(config);
  const policies = await context.policies();
  const { pfctl, pfTables } = pfTableOptions(config);
  const publish = async (isDryRun: boolean): Promise<Done> => {
    const tables = await readPfTables(pfctl, pfTables);
    const store = await context.store(isDryRun ? 'dry-run' : 'write');
    const now = () => context.time.present;
    return publishedDone(await publishPfTables(store, tables, open, policies, now, isDryRun));
  };
  return { round: () => publish(false), preview: () => publish(true), close() {} };
}

function roundDone(round: SyncRound): Done {
  const unshared = round.caughtUp?.unshared;
  return { text: roundText(round), json: roundJson(round), unshared, failures: round.failures };
}

function publishedDone(published: PublishedTables): Done {
  return { text: publishedText(published), json: published, failures: [] };
}

async function once(context: Context, way: Way): Promise<void> {
  const done = await way.round();
  report(context, done, false);
  const [failure, ...more] = done.failures;
  for (const error of more) context.remark(`mcblock: ${error.message}`);
  if (failure !== undefined) throw failure;
}

async function repeatedly(
  context: Context,
  way: Way,
  everySeconds: number,
  signal: AbortSignal,
): Promise<void> {
  for (let rounds = 0; !signal.aborted; rounds++) {
    try {
      const done = await way.round();
      if (signal.aborted) break;
      report(context, done, false);
      for (const { message } of done.failures) context.stderr.write(`mcblock: ${message}\n`);
    } catch (error) {
      // Fail at the start, where somebody is watching; later, the next round may succeed.
      if (rounds === 0 || !(error instanceof McblockError)) throw error;
      context.stderr.write(`mcblock: ${error.message}\n`);
    }
    const seconds = everySeconds * (1 + SPREAD * (2 * Math.random() - 1));
    await wait(seconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function report(context: Context, { text, json, unshared = 0 }: Done, dryRun: boolean): void {
  if (unshared > 0) {
    const entries = nounText(unshared, 'entry', 'entries');
    context.remark(
      `${entries} made before the fleet was configured ${unshared === 1 ? 'is' : 'are'} not shared: mcblock share --all`,
    );
  }
  if (context.options.json) context.lines([jsonText({ dryRun, ...json })]);
  else if (!context.options.quiet) context.lines([`${dryRun ? 'dry run: ' : ''}${text}`]);
}
