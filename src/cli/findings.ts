import type { Seconds } from '../blocklist/entry.ts';
import { checkFirewall } from '../engine/doctor/check-firewall.ts';
import { checkJobs, checkJournal, checkLog, checkLogs } from '../engine/doctor/check-logs.ts';
import {
  checkAllowList,
  checkEntries,
  checkFeeds,
  checkFleet,
  checkProxies,
  checkShare,
} from '../engine/doctor/check-store.ts';
import {
  checkCertificates,
  checkClock,
  checkDecompressors,
  checkGeoDatabases,
  checkProgram,
  checkServices,
} from '../engine/doctor/check-system.ts';
import { check, type Finding, type Found, ok, problem, warning } from '../engine/doctor/finding.ts';
import { Host } from '../engine/host/host.ts';
import { type LogJob, logJobs } from '../engine/host/log-jobs.ts';
import { services } from '../engine/host/services.ts';
import { KEY_FAULTS, ownKeyState } from '../engine/sync/user-keys.ts';
import type { McblockError } from '../errors.ts';
import { narrowed, type ReadOptions } from '../log/read-options.ts';
import type { Store } from '../store/store.ts';
import type { Config } from './config/config.ts';
import { configuredFirewall, configuredKind, namesFirewall } from './config/firewall-settings.ts';
import { fleetClient } from './config/fleet-client.ts';
import { hasNotifyTarget } from './config/notify-target.ts';
import { signingKeyOf } from './config/pubsub-settings.ts';
import { openConfiguredPublisher } from './config/sync-options.ts';
import { configuredFiles, configuredLogs } from './configured-logs.ts';
import type { Context } from './context.ts';
import { readOptionsOf } from './log-options.ts';
import { storePath } from './store-location.ts';

/**
 * The findings of `doctor` and `status`. Checks that need a configuration or a store are left out if
 * there is none.
 */
export async function* findings(context: Context): AsyncGenerator<Finding> {
  yield check('program', () => checkProgram(context.programFile));
  yield check('decompressors', checkDecompressors);
  const configured = await check('configuration', async () =>
    ok((await context.config()).file ?? 'no file, defaults'),
  );
  yield configured;
  if (configured.state === 'problem') return;
  const config = await context.config();
  const faults: McblockError[] = [];
  const options = readOptionsOf(config, {}, (fault) => faults.push(fault), context.host);
  yield check('grammars', async () => {
    const { scanners } = await options.finally(() => {
      const [fault] = faults;
      if (fault !== undefined) throw fault;
    });
    return ok(`${scanners.length} services`);
  });
  yield* fileFindings(context, config);
  const opened = await check('store', async () => {
    const store = await context.store('read');
    return checkEntries(store, storePath(context.options.db, context.env), context.time.now);
  });
  yield opened;
  const host = context.host ?? new Host();
  const running = await services(host);
  const jobs = logJobs(host, running);
  if (opened.state !== 'problem') {
    yield* storeFindings(context, config, await context.store('read'), jobs);
  }
  yield check('hooks', () => checkJobs(jobs));
  const isNft = namesFirewall(config) && configuredKind(config) === 'nft';
  yield check('services', () => checkServices(running, host.hasSystemd && isNft));
  const store = opened.state === 'problem' ? undefined : await context.store('read');
  // What is wrong with them was said above.
  const read = await options.catch(() => undefined);
  if (read !== undefined) yield* logFindings(host, config, read, store, context.time.now);
  if (config.get('pubsub.address') === '') return;
  yield check('redis', () => checkRedis(config));
  if (config.get('fleet.url') !== '') yield check('key', () => checkKey(config));
}

/** A finding for each file and unit of [[log]]. */
async function* logFindings(
  host: Host,
  config: Config,
  options: ReadOptions,
  store: Store | undefined,
  now: Seconds,
): AsyncGenerator<Finding> {
  const logs = configuredLogs(config, host);
  for (const file of configuredFiles(logs, options, host)) {
    for (const found of await checkLog(host, file, store, now)) yield { name: 'log', ...found };
  }
  const directory = config.get('journal.directory');
  for (const log of logs.filter(({ unit }) => unit !== '')) {
    const narrow = narrowed(options, log.services);
    yield check('log', () => checkJournal(host, log.unit, directory, narrow, now));
  }
}

async function* fileFindings({ time }: Context, config: Config): AsyncGenerator<Finding> {
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
  const telling = config.get('rule').find(({ effects }) => effects.notify);
  if (telling !== undefined && !hasNotifyTarget(config)) {
    yield check('notify', () =>
      warning(
        `rule ${telling.name} tells of blocks, but nowhere to tell is set`,
        'set notify.command or notify.url; see docs/reports.md',
      ),
    );
  }
}

async function* storeFindings(
  context: Context,
  config: Config,
  store: Store,
  jobs: readonly LogJob[],
): AsyncGenerator<Finding> {
  const { time } = context;
  yield check('clock', async () =>
    checkClock(time.doubtfulSince !== undefined, await time.isSynchronised()),
  );
  yield check('firewall', async (): Promise<Found> => {
    if (!namesFirewall(config)) {
      return warning(
        'none configured: entries are recorded, but not blocked until mcblock apply is run',
        'run mcblock setup, or set [firewall] in the configuration; see docs/firewall.md',
      );
    }
    const firewall = await configuredFirewall(config);
    return checkFirewall(firewall, store, await context.policy(), () => time.present);
  });
  yield check('logs', () => checkLogs(store, jobs, time.now));
  yield check('allow-list', () => checkAllowList(store, time.now));
  yield check('share', () => checkShare(store, time.now));
  const trusted = config.get('trusted-proxies').length;
  yield check('proxies', () => checkProxies(store, trusted, time.now));
  if (store.feeds.all().length > 0) yield check('feeds', () => checkFeeds(store, time.now));
  if (config.get('fleet.url') === '') return;
  yield check('fleet', async () => {
    const client = fleetClient(config);
    try {
      return await checkFleet(client, store, time.now);
    } finally {
      client.close();
    }
  });
}

async function checkKey(config: Config): Promise<Found> {
  const key = signingKeyOf(config);
  if (key === undefined) {
    return warning(
      'none: messages over Redis are neither signed nor verified',
      'set pubsub.signing-key, and run mcblock key',
    );
  }
  const client = fleetClient(config);
  try {
    const own = { name: config.get('fleet.user'), key: key.publicKey };
    const fault = KEY_FAULTS[await ownKeyState(client, own)];
    return fault === undefined ? ok(`${own.key}, registered`) : problem(...fault);
  } finally {
    client.close();
  }
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
