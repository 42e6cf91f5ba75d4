import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Context } from '../context.ts';
import { fleetClient } from '../sync-client.ts';
import { type Round, rehearseRound, syncRound } from '../sync-round.ts';
import { parseDuration } from '../text/duration.ts';

/** So that a fleet that was started at once does not ask at once for ever. */
const SPREAD = 0.1;

interface SyncOptions {
  readonly onlyApi?: true;
  readonly every?: string;
  readonly dryRun?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      "Shares with the fleet: takes what is in pf's tables, reports it and what was blocked here since, fetches what the others block, brings the firewall up to date if the configuration has a [firewall], and empties the tables of what has been there for long. The configuration says where the API is ([fleet]). What cannot be reported waits; nothing is lost while the API is away.",
    )
    .option('--only-api', 'by the API alone (as it is if nothing is said)')
    .option('--every <time>', 'again and again, such as every 5m, until it is stopped')
    .option('--dry-run', 'show what would be done, change nothing')
    .addHelpText(
      'after',
      `
Examples:
  mcblock sync --only-api            from cron(8)
  mcblock sync --every 5m            until it is stopped
  mcblock sync --dry-run

Exit code 1 if the API could not be reached; what waits is sent the next time.
`,
    )
    .action((options: SyncOptions) => sync(context, options));
}

async function sync(context: Context, options: SyncOptions): Promise<void> {
  const { every } = options;
  const everySeconds = every === undefined ? undefined : parseDuration(every, '--every');
  const stop = new AbortController();
  const end = () => stop.abort();
  const client = fleetClient(await context.config(), stop.signal);
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, end);
  try {
    if (options.dryRun) report(context, await rehearseRound(context, client), true);
    else if (everySeconds === undefined) await once(context, client);
    else await repeatedly(context, client, everySeconds, stop.signal);
  } finally {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, end);
    client.close();
  }
}

async function once(context: Context, client: FleetClient): Promise<void> {
  const round = await syncRound(context, client);
  report(context, round, false);
  const [failure, ...more] = round.failures;
  for (const error of more) context.remark(`mcblock: ${error.message}`);
  if (failure !== undefined) throw failure;
}

async function repeatedly(
  context: Context,
  client: FleetClient,
  everySeconds: number,
  signal: AbortSignal,
): Promise<void> {
  for (let rounds = 0; !signal.aborted; rounds++) {
    try {
      const round = await syncRound(context, client);
      if (signal.aborted) break;
      report(context, round, false);
      for (const { message } of round.failures) context.stderr.write(`mcblock: ${message}\n`);
    } catch (error) {
      // What is wrong from the start is for whoever started it; later the next round may do better.
      if (rounds === 0 || !(error instanceof McblockError)) throw error;
      context.stderr.write(`mcblock: ${error.message}\n`);
    }
    const seconds = everySeconds * (1 + SPREAD * (2 * Math.random() - 1));
    await wait(seconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function report(context: Context, round: Round, dryRun: boolean): void {
  if (context.options.json) context.lines([JSON.stringify(roundJson(round, dryRun))]);
  else if (!context.options.quiet) context.lines([roundText(round, dryRun)]);
}

function roundJson({ taken, sent, waiting, caughtUp, failures }: Round, dryRun: boolean): object {
  return {
    dryRun,
    taken: taken ?? null,
    sent: sent ?? null,
    waiting,
    fetched: caughtUp ?? null,
    failures: failures.map(({ message }) => message),
  };
}

/** `1 taken from pf; 2 reported, 0 wait; from the fleet 3 blocked, 0 expired`. */
function roundText({ taken, sent, waiting, caughtUp }: Round, dryRun: boolean): string {
  const parts: string[] = [];
  if (taken !== undefined && taken.fresh > 0) {
    const spared = taken.spared > 0 ? ` (${taken.spared} of them protected)` : '';
    parts.push(`${taken.fresh} taken from pf${spared}`);
  }
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
  return `${dryRun ? 'would be: ' : ''}${parts.join('; ')}`;
}
