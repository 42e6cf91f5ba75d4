import type { Command } from 'commander';
import { privateSpace } from '../../blocklist/bogons.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { Protection } from '../../blocklist/request.ts';
import { openFleetStore, shownLocation } from '../../engine/fleet-store.ts';
import { ownAddresses } from '../../engine/own-addresses.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import { V1_STATUSES } from '../../fleet/authentication.ts';
import type { FleetStore } from '../../fleet/fleet-store.ts';
import { isLoopback } from '../../fleet/loopback.ts';
import { hashPassword, makePassword } from '../../fleet/password.ts';
import { buildServer, type Tls } from '../../fleet/server.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { checkTls, readPem } from '../config/pem.ts';
import type { Context } from '../context.ts';
import { daemonLog, stopped } from '../daemon.ts';
import { lesserUser } from '../privileges.ts';
import { fleetLocation } from '../store-location.ts';
import { VERSION } from '../version.ts';
import { newUser } from './user.ts';

/** A retry is known by its key for so long. */
const KEY_DAYS = 366;
/** Requests that are not done so long after SIGTERM are cut off; their senders try again. */
const STOP_MILLISECONDS = 10_000;

interface ServeOptions {
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly insecure?: true;
  readonly user?: string;
  readonly firstUser?: string;
  readonly restored?: true;
  readonly v1Status: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      "The fleet's API: machines report whom they block, and fetch whom the others do. --db names its store: a file, or postgres://...",
    )
    .option('--listen <host:port>', 'where', '127.0.0.1:8123')
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--tls-ca <file>', 'ask clients for certificates that this one signed, PEM')
    .option('--insecure', 'without TLS, even where others can listen in')
    .option('--user <name>', 'as root: go on as this user')
    .option('--first-user <name>', 'where there is no user yet: add this administrator')
    .option('--restored', 'the store is an older copy that was put back: all fetch all of it again')
    .addOption(
      command
        .createOption(
          '--v1-status <status>',
          'what version 1 answers to a wrong name or password: acacia says 503, and 500 if it does not know the name; version 2 says 401',
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

Log lines go to stderr, each a JSON object. SIGTERM stops it when all it was told is stored.
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
      `passwords would go to ${options.listen} in the clear: give --tls-cert and --tls-key, or --insecure where something else encrypts`,
    );
  }
  const config = await context.config();
  const servant =
    options.user === undefined ? undefined : await lesserUser(options.user, '', '--user');
  const log = daemonLog(context);
  // What SQLite makes must belong to him who will write it.
  const location = fleetLocation(context.options.db, context.env);
  const open = (): Promise<FleetStore> => openFleetStore(location);
  const store = await (servant === undefined ? open() : servant.during(open));
  try {
    if (options.restored) await store.renewIdentity();
    if (options.firstUser !== undefined) await addFirst(context, store, options.firstUser);
    const clock = clockOf(context);
    const app = await buildServer({
      store,
      log,
      tls,
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
        perSecond: config.get('fleet.rate'),
      },
      v1Status: V1_STATUSES.find((status) => String(status) === options.v1Status) ?? 503,
    });
    await listen(() => app.listen({ host, port }), options.listen);
    servant?.become();
    if (process.geteuid?.() === 0) {
      log.write('warning', 'root', { advice: 'a server need not be root: see --user' });
    }
    log.write('info', 'listening', {
      at: app.listeningOrigin,
      tls: tls !== undefined,
      store: shownLocation(location),
    });
    const chores = startChores(store, clock, log);
    const signal = await stopped();
    log.write('info', 'stopping', { signal });
    clearInterval(chores);
    setTimeout(() => app.server.closeAllConnections(), STOP_MILLISECONDS).unref();
    await app.close();
  } finally {
    await store.close();
  }
  log.write('info', 'stopped');
}

function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
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
  await store.putUser(newUser(name, await hashPassword(password), ['admin'], context.now));
  context.lines([`${name} is an administrator now; the password is shown this once`]);
  context.lines([`password: ${password}`]);
}

/** With --now the clock starts there. */
function clockOf(context: Context): () => number {
  const ahead = context.options.now === undefined ? 0 : context.now - utcSeconds();
  return () => utcSeconds() + ahead;
}

function utcSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** No peer has the server itself blocked, nor private space. */
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
    throw new McblockError('program', `cannot listen on ${address}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function startChores(store: FleetStore, clock: () => number, log: ServerLog): NodeJS.Timeout {
  const forget = () => {
    store.forgetKeys(clock() - KEY_DAYS * DAY_SECONDS).then(
      (count) => log.write('debug', 'forgot keys', { count }),
      (error: unknown) => log.write('error', 'failed', { reason: reasonOf(error) }),
    );
  };
  forget();
  return setInterval(forget, DAY_SECONDS * 1000).unref();
}
