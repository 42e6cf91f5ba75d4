import type { Command } from 'commander';
import { privateSpace } from '../../blocklist/bogons.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { Protection } from '../../blocklist/request.ts';
import { openFleetStore, shownLocation } from '../../engine/fleet-store.ts';
import { BudgetNotices } from '../../engine/notify/budget-notices.ts';
import { deliver } from '../../engine/notify/deliver.ts';
import { ownAddresses } from '../../engine/own-addresses.ts';
import { errorOf, McblockError, reasonOf } from '../../errors.ts';
import { V1_STATUSES } from '../../fleet/authentication.ts';
import type { FleetStore } from '../../fleet/fleet-store.ts';
import { isLoopback } from '../../fleet/loopback.ts';
import { hashMadePassword, makePassword } from '../../fleet/password.ts';
import { parseHostPort } from '../../fleet/pubsub/endpoint.ts';
import { buildServer, type Tls } from '../../fleet/server.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { RepeatingTask } from '../../repeating-task.ts';
import type { Config } from '../config/config.ts';
import { hasNotifyTarget, notifyTarget } from '../config/notify-target.ts';
import { checkTls, readPem } from '../config/pem.ts';
import type { Context } from '../context.ts';
import { daemonLog, stopped } from '../daemon.ts';
import { during, targetUser } from '../privileges.ts';
import { fleetLocation } from '../store-location.ts';
import { parsePrefixes } from '../text/prefixes.ts';
import { VERSION } from '../version.ts';
import { newUser } from './user.ts';

/** How long the keys of requests are kept, by which retries are recognised. */
const KEY_DAYS = 366;
/** Requests that take longer after SIGTERM are cut off; clients retry them. */
const STOP_MILLISECONDS = 10_000;

interface ServeOptions {
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly proxy?: readonly string[];
  readonly insecure?: true;
  readonly user?: string;
  readonly firstUser?: string;
  readonly restored?: true;
  readonly v1Status: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      "Runs the fleet's API server, to which machines report bans and from which they fetch those of others. --db names its store: a file, or postgres://...",
    )
    .option('--listen <host:port>', 'address to listen on', '127.0.0.1:8123')
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'key of the certificate, PEM')
    .option(
      '--tls-ca <file>',
      "require client certificates signed by this one, with the user's name as common name, PEM",
    )
    .option('--proxy <prefix...>', 'believe the X-Forwarded-For of proxies with these addresses')
    .option('--insecure', 'allow passwords without TLS on other than loopback addresses')
    .option('--user <name>', 'drop root privileges to this user')
    .option('--first-user <name>', 'add this administrator if there are no users yet')
    .option('--restored', 'the store was restored from a backup: make all machines fetch it again')
    .addOption(
      command
        .createOption(
          '--v1-status <status>',
          'status of version 1 of the API for a wrong name or password; acacia sends 503, or 500 for an unknown name',
        )
        .choices(V1_STATUSES.map(String))
        .default('503'),
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock serve --db fleet.db --first-user admin
  mcblock serve --db postgres://mcblock@db.example.net/fleet --listen 0.0.0.0:443 \\
    --tls-cert fleet.pem --tls-key fleet.key --user mcblock

Logs to stderr: one JSON object per line, or text at a terminal. SIGTERM stops it once all requests are done.
`,
    )
    .action((options: ServeOptions) => serve(context, options));
}

async function serve(context: Context, options: ServeOptions): Promise<void> {
  const { host, port } = listenAddress(options.listen);
  const tls = tlsOf(options);
  if (tls === undefined && !isLoopback(host) && !options.insecure) {
    throw new McblockError(
      'usage',
      `passwords would cross the network unencrypted: use --tls-cert and --tls-key, or --insecure behind a TLS proxy`,
    );
  }
  const proxies = parsePrefixes(options.proxy ?? []);
  const config = await context.config();
  const target =
    options.user === undefined ? undefined : await targetUser(options.user, '', '--user');
  const log = daemonLog(context);
  // Files that SQLite creates must belong to the user who will write them.
  const location = fleetLocation(context.options.db, context.env);
  const store = await during(target, () => openFleetStore(location));
  try {
    if (options.restored) await store.renewIdentity();
    if (options.firstUser !== undefined) await addFirst(context, store, options.firstUser);
    const clock = clockOf(context);
    const app = await buildServer({
      store,
      log,
      tls,
      proxies,
      clock,
      version: VERSION,
      rules: {
        policy: await context.policy(),
        protections: protections(),
        maxEvidence: config.get('fleet.evidence-limit'),
      },
      limits: {
        bodyBytes: config.get('fleet.body-limit'),
        listItems: config.get('fleet.list-limit'),
        connections: config.get('fleet.connection-limit'),
        perSecond: config.get('fleet.rate'),
        reportsPerMinute: config.get('limits.user-rate'),
      },
      onOverBudget: budgetNotices(config, log, clock),
      v1Status: V1_STATUSES.find((status) => String(status) === options.v1Status) ?? 503,
    });
    const stopping = stopped();
    await listen(() => app.listen({ host, port }), options.listen);
    target?.become();
    if (process.geteuid?.() === 0) {
      log.write('warning', 'running as root; use --user');
    }
    log.write('info', 'listening', {
      at: app.listeningOrigin,
      tls: tls !== undefined,
      store: shownLocation(location),
    });
    const forgetting = forgetOldKeys(store, clock, log);
    const signal = await stopping;
    log.write('info', 'stopping', { signal });
    await forgetting.stop();
    setTimeout(() => app.server.closeAllConnections(), STOP_MILLISECONDS).unref();
    await app.close();
  } finally {
    await store.close();
  }
  log.write('info', 'stopped');
}

/** Undefined if no notification of it is configured. */
function budgetNotices(
  config: Config,
  log: ServerLog,
  now: () => number,
): ((user: string, reports: number) => void) | undefined {
  const events = config.get('notify.events');
  const isWanted = events.length === 0 || events.includes('member-over-budget');
  if (!isWanted || !hasNotifyTarget(config)) return undefined;
  const target = notifyTarget(config);
  const notices = new BudgetNotices({
    deliver: (text) => deliver(target, text),
    onFailure: (error) => log.write('warning', 'notify', { reason: reasonOf(error) }),
    limit: config.get('notify.limit'),
    now,
  });
  return (user, reports) => notices.deferred(user, reports);
}

function listenAddress(text: string): NonNullable<ReturnType<typeof parseHostPort>> {
  const address = parseHostPort(text);
  if (address !== undefined) return address;
  throw new McblockError(
    'usage',
    `--listen takes HOST:PORT such as 127.0.0.1:8123 or [::1]:8123, not "${text}"`,
  );
}

function tlsOf({ tlsCert, tlsKey, tlsCa }: ServeOptions): Tls | undefined {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new McblockError('usage', 'TLS needs both --tls-cert and --tls-key');
  }
  const tls = {
    cert: readPem(tlsCert, '--tls-cert'),
    key: readPem(tlsKey, '--tls-key'),
    ca: tlsCa === undefined ? undefined : readPem(tlsCa, '--tls-ca'),
  };
  checkTls(tls, '--tls-cert, --tls-key and --tls-ca');
  return tls;
}

async function addFirst(context: Context, store: FleetStore, name: string): Promise<void> {
  if ((await store.users()).length > 0) return;
  const password = makePassword();
  await store.putUser(newUser(name, hashMadePassword(password), ['admin'], context.now));
  context.lines([`user ${name} added (scopes: admin)`]);
  context.lines([`password: ${password}`]);
}

/** With --now, a clock that starts there. */
function clockOf(context: Context): () => number {
  const ahead = context.options.now === undefined ? 0 : context.now - utcSeconds();
  return () => utcSeconds() + ahead;
}

function utcSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** No machine may block the server itself or private space. */
function protections(): Protection[] {
  const own = ownAddresses().map(
    (address): Protection => ({ prefix: hostPrefix(address), reason: 'own' }),
  );
  return [...own, ...privateSpace()];
}

async function listen(start: () => Promise<unknown>, address: string): Promise<void> {
  try {
    await start();
  } catch (error) {
    throw errorOf('program', `--listen ${address}`, error);
  }
}

/** Forgets each day the keys of reports that nobody sends again. */
function forgetOldKeys(store: FleetStore, clock: () => number, log: ServerLog): RepeatingTask {
  const task = new RepeatingTask({
    work: async () => {
      const count = await store.forgetKeys(clock() - KEY_DAYS * DAY_SECONDS);
      log.write('debug', 'forgot keys', { count });
    },
    onFailure: (error) => log.write('error', 'failed', { reason: reasonOf(error) }),
    everySeconds: () => DAY_SECONDS,
  });
  task.request();
  return task;
}
