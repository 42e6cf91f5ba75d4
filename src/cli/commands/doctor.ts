import type { Command } from 'commander';
import { checkFirewall } from '../../engine/doctor/check-firewall.ts';
import {
  checkAllowList,
  checkEntries,
  checkFeeds,
  checkFleet,
  checkLogs,
  checkShare,
} from '../../engine/doctor/check-store.ts';
import {
  checkCertificates,
  checkDecompressors,
  checkGeoDatabases,
  checkProgram,
} from '../../engine/doctor/check-system.ts';
import {
  check,
  type Finding,
  type Found,
  ok,
  problem,
  warning,
} from '../../engine/doctor/finding.ts';
import type { Store } from '../../store/store.ts';
import type { Config } from '../config/config.ts';
import { configuredFirewall, namesFirewall } from '../config/firewall-settings.ts';
import { fleetClient } from '../config/fleet-client.ts';
import { openConfiguredPublisher } from '../config/sync-options.ts';
import type { Context } from '../context.ts';
import { readOptionsOf } from '../log-options.ts';
import { storePath } from '../store-location.ts';
import { printable } from '../text/printable.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Checks that mcblock works: configuration, store, firewall, logs, allow-list, clock, programs, grammars, feeds, and the fleet where one is configured. Changes nothing. Exit code 1 if there is a problem.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock doctor
  mcblock doctor --quiet          problems and warnings only, for cron(8)
  mcblock doctor --json | jq '.[] | select(.state != "ok")'
`,
    )
    .action(() => doctor(context));
}

async function doctor(context: Context): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of checks(context)) findings.push(finding);
  const shown = context.options.quiet ? findings.filter(({ state }) => state !== 'ok') : findings;
  if (context.options.json) context.json(shown);
  else context.lines(shown.flatMap(linesOf));
  if (findings.some(({ state }) => state === 'problem')) context.exit(1);
}

const STATE_CHARACTERS = 9;

/** One line, and a second with what to do. */
function linesOf({ name, state, text, advice }: Finding): string[] {
  const lines = [`${state.padEnd(STATE_CHARACTERS)}${name}: ${printable(text)}`];
  if (advice !== undefined) lines.push(`${' '.repeat(STATE_CHARACTERS)}${advice}`);
  return lines;
}

/** Without configuration or store, what needs them is not checked. */
async function* checks(context: Context): AsyncGenerator<Finding> {
  yield check('program', () => checkProgram(import.meta.filename));
  yield check('decompressors', checkDecompressors);
  const configured = await check('configuration', async () =>
    ok((await context.config()).file ?? 'no file, defaults'),
  );
  yield configured;
  if (configured.state === 'problem') return;
  const config = await context.config();
  yield check('grammars', async () => {
    const { scanners } = await readOptionsOf(config, {});
    return ok(`${scanners.length} services`);
  });
  yield* checkFiles(context, config);
  const opened = await check('store', async () => {
    const store = await context.store('read');
    return checkEntries(store, storePath(context.options.db, context.env), context.time.now);
  });
  yield opened;
  if (opened.state !== 'problem') yield* checkStore(context, config, await context.store('read'));
  if (config.get('pubsub.address') !== '') yield check('redis', () => checkRedis(config));
}

async function* checkFiles({ time }: Context, config: Config): AsyncGenerator<Finding> {
  const settings = ['fleet.cert', 'fleet.ca', 'pubsub.cert', 'pubsub.ca'] as const;
  const files = settings.map((setting) => [setting, config.get(setting)] as const);
  const certificates = new Map(files.filter(([, file]) => file !== ''));
  if (certificates.size > 0) {
    yield check('certificates', () => checkCertificates(certificates, time.now));
  }
  const databases = [config.get('geo.country'), config.get('geo.network')].filter(
    (file) => file !== '',
  );
  if (databases.length > 0) yield check('geo', () => checkGeoDatabases(databases, time.now));
}

async function* checkStore(
  context: Context,
  config: Config,
  store: Store,
): AsyncGenerator<Finding> {
  const { time } = context;
  yield check('clock', () =>
    time.doubtfulSince === undefined
      ? ok('as the store expects')
      : problem('more than 30 days ahead of the store', 'set it; if it is right, use --yes'),
  );
  yield check('firewall', async (): Promise<Found> => {
    if (!namesFirewall(config)) {
      return warning(
        'none is configured: what is recorded is not blocked before mcblock apply',
        'set [firewall] in the configuration; see docs/firewall.md',
      );
    }
    const firewall = await configuredFirewall(config);
    return checkFirewall(firewall, store, await context.policy(), () => time.present);
  });
  yield check('logs', () => checkLogs(store, time.now));
  yield check('allow-list', () => checkAllowList(store));
  yield check('share', () => checkShare(store, time.now));
  if (store.feeds().length > 0) yield check('feeds', () => checkFeeds(store, time.now));
  if (config.get('fleet.url') === '') return;
  yield check('fleet', async () => {
    const client = fleetClient(config);
    try {
      return await checkFleet(client, store);
    } finally {
      client.close();
    }
  });
}

async function checkRedis(config: Config): Promise<Found> {
  const publisher = await openConfiguredPublisher(config);
  try {
    await publisher.ping();
    return ok(`${config.get('pubsub.address')} answers`);
  } finally {
    await publisher.close();
  }
}
