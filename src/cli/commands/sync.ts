import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  type Rung,
  requireBell,
  ringRound,
  rungText,
} from '../../engine/sync/publish-pf-tables.ts';
import { type Round, rehearseRound, syncRound } from '../../engine/sync/sync-round.ts';
import { McblockError } from '../../errors.ts';
import { fleetClient } from '../config/fleet-client.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../text/duration.ts';
import { jsonText } from '../text/json-text.ts';

/** So that a fleet that was started at once does not ask at once for ever. */
const SPREAD = 0.1;

interface SyncOptions {
  readonly onlyApi?: true;
  readonly onlyPubsub?: true;
  readonly every?: string;
  readonly dryRun?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      "Shares with the fleet: takes what is in pf's tables, rings the bell for it, reports it and what was blocked here since, fetches what the others block, brings the firewall up to date if the configuration has a [firewall], and empties the tables of what has been there for long. The configuration says where the API is ([fleet]) and the bell ([pubsub]). What cannot be reported waits; nothing is lost while the API is away.",
    )
    .option('--only-api', 'by the API alone')
    .option('--only-pubsub', "by the bell alone: tell of what came into pf's tables, nothing more")
    .option('--every <time>', 'again and again, such as every 5m, until it is stopped')
    .option('--dry-run', 'show what would be done, change nothing')
    .addHelpText(
      'after',
      `
Examples:
  mcblock sync --quiet --only-pubsub   from cron(8) every minute
  mcblock sync --quiet --only-api      from cron(8) every five minutes
  mcblock sync --every 5m              both, until it is stopped
  mcblock sync --dry-run

An address is told over the bell once, and again when it left the table and came back: who was away
then asks the API.

Exit code 1 if the API or Redis could not be reached; what waits is sent the next time.
`,
    )
    .action((options: SyncOptions) => sync(context, options));
}

/** One way to share, once. */
interface Way {
  round(): Promise<Done>;
  rehearse(): Promise<Done>;
  close(): void;
}

interface Done {
  readonly text: string;
  readonly json: object;
  /** Why something was not done, in the order in which it was tried. */
  readonly failures: readonly McblockError[];
}

async function sync(context: Context, options: SyncOptions): Promise<void> {
  const { every } = options;
  if (options.onlyApi && options.onlyPubsub) {
    throw new McblockError(
      'usage',
      'by the API alone and by the bell alone is neither; without both options it is both',
    );
  }
  const everySeconds = every === undefined ? undefined : parseDuration(every, '--every');
  const stop = new AbortController();
  const end = () => stop.abort();
  const way = await (options.onlyPubsub
    ? byBell(context)
    : byApi(context, options.onlyApi !== true, stop.signal));
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, end);
  try {
    if (options.dryRun) report(context, await way.rehearse(), true);
    else if (everySeconds === undefined) await once(context, way);
    else await repeatedly(context, way, everySeconds, stop.signal);
  } finally {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, end);
    way.close();
  }
}

async function byApi(context: Context, rings: boolean, signal: AbortSignal): Promise<Way> {
  const client = fleetClient(await context.config(), signal);
  return {
    round: async () => roundDone(await syncRound(context, client, rings)),
    rehearse: async () => roundDone(await rehearseRound(context, client, rings)),
    close: () => client.close(),
  };
}

async function byBell(context: Context): Promise<Way> {
  requireBell(await context.config());
  return {
    round: async () => rungDone(await ringRound(context, false)),
    rehearse: async () => rungDone(await ringRound(context, true)),
    close() {},
  };
}

function roundDone(round: Round): Done {
  return { text: roundText(round), json: roundJson(round), failures: round.failures };
}

function rungDone(rung: Rung): Done {
  return { text: rungText(rung), json: rung, failures: [] };
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
      // What is wrong from the start is for whoever started it; later the next round may do better.
      if (rounds === 0 || !(error instanceof McblockError)) throw error;
      context.stderr.write(`mcblock: ${error.message}\n`);
    }
    const seconds = everySeconds * (1 + SPREAD * (2 * Math.random() - 1));
    await wait(seconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function report(context: Context, { text, json }: Done, dryRun: boolean): void {
  if (context.options.json) context.lines([jsonText({ dryRun, ...json })]);
  else if (!context.options.quiet) context.lines([`${dryRun ? 'would be: ' : ''}${text}`]);
}

function roundJson({ taken, rung, sent, waiting, caughtUp, failures }: Round): object {
  return {
    taken: taken ?? null,
    rung: rung ?? null,
    sent: sent ?? null,
    waiting,
    fetched: caughtUp ?? null,
    failures: failures.map(({ message }) => message),
  };
}

/** `1 taken from pf; 2 reported, 0 wait; from the fleet 3 blocked, 0 expired`. */
function roundText({ taken, rung, sent, waiting, caughtUp }: Round): string {
  const parts: string[] = [];
  if (taken !== undefined && taken.fresh > 0) {
    const spared = taken.spared > 0 ? ` (${taken.spared} of them protected)` : '';
    parts.push(`${taken.fresh} taken from pf${spared}`);
  }
  if (rung !== undefined && rung.told > 0) parts.push(rungText(rung));
  const refused = sent !== undefined && sent.refused > 0 ? `${sent.refused} not taken, ` : '';
  parts.push(`${sent?.reported ?? 0} reported, ${refused}${waiting} waiting`);
  if (caughtUp === undefined) parts.push('nothing fetched');
  else {
    const { blocked, expired, allowed, refused: own, behind } = caughtUp;
    const rest = [
      ...(allowed > 0 ? [`${allowed} changes of the allow-list`] : []),
      ...(own > 0 ? [`${own} not taken as they are protected here or too wide`] : []),
      ...(behind > 0 ? ['more the next time'] : []),
    ];
    parts.push([`from the fleet ${blocked} blocked, ${expired} expired`, ...rest].join(', '));
  }
  return parts.join('; ');
}
