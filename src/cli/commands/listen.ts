import type { Command } from 'commander';
import { applier, NO_APPLIER } from '../../engine/firewall/live-firewall.ts';
import { ListenDaemon } from '../../engine/listen/listen-daemon.ts';
import { PageSource } from '../../engine/listen/page-source.ts';
import { storeBans } from '../../engine/listen/store-bans.ts';
import { sendOutbox } from '../../engine/sync/send-outbox.ts';
import { catchUpWith } from '../../engine/sync/sync-round.ts';
import { McblockError } from '../../errors.ts';
import { readAcacia } from '../config/acacia.ts';
import { fleetClient } from '../config/fleet-client.ts';
import { type ListenSetup, listenSetup } from '../config/listen-settings.ts';
import type { Context } from '../context.ts';
import { daemonLog, stopped } from '../daemon.ts';
import { lesserUser } from '../privileges.ts';
import { VERSION } from '../version.ts';

interface ListenOptions {
  readonly acacia?: string;
  readonly asRoot?: true;
  readonly apply: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'The bell of the fleet: hears over Redis whom the other machines block, stores it, and brings the firewall up to date at once. Posts to the API whom other commands block here, and asks it for what was missed. Says over HTTP whether it is connected. Where Redis is, the certificates, the channels and the user to go on as are said in the configuration (bell.* and listen.*).',
    )
    .option('--acacia <file>', "take acacia_pubsub's own configuration file too; it goes first")
    .option('--as-root', 'stay root; else root must be told as whom to go on')
    .option('--no-apply', 'store only; something else applies')
    .addHelpText(
      'after',
      `
Examples:
  mcblock listen                              until it is stopped; see examples/ for rc.d and systemd
  mcblock listen --acacia /etc/acacia.json    in the place of acacia_pubsub
  curl http://127.0.0.1:8091/status           state: connected

Log lines go to stderr, each a JSON object. SIGTERM stops it when all it heard is stored.
`,
    )
    .action((options: ListenOptions) => listen(context, options));
}

async function listen(context: Context, options: ListenOptions): Promise<void> {
  const config = await context.config();
  const acacia = options.acacia === undefined ? undefined : readAcacia(options.acacia);
  // Certificates and keys may be for root alone.
  const setup = listenSetup(config, acacia);
  const servant =
    setup.user === '' ? undefined : await lesserUser(setup.user, setup.group, 'listen.user');
  refuseRoot(setup, options);
  const policy = await context.policy();
  const log = daemonLog(context);
  const store = await (servant === undefined
    ? context.store('write')
    : servant.during(() => context.store('write')));
  const stop = new AbortController();
  const client = config.get('fleet.url') === '' ? undefined : fleetClient(config, stop.signal);
  const page = new PageSource(store, () => context.present);
  const daemon = new ListenDaemon({
    setup,
    log,
    version: VERSION,
    now: () => context.present,
    storeBans: (requests) => storeBans(store, requests, policy, context.present),
    firewall: options.apply ? await applier(context) : NO_APPLIER,
    catchUp: client && (() => catchUpWith(context, store, client, false)),
    post:
      client &&
      (() => sendOutbox(store, client, (text) => log.write('warning', 'outbox', { text }))),
    renew: () => client?.renew(),
    page,
  });
  try {
    await daemon.answer();
    servant?.become();
    await daemon.hear();
    const signal = await stopped();
    log.write('info', 'stopping', { signal });
  } finally {
    // What the API does not say now it is asked for the next time.
    stop.abort();
    await daemon.close();
    client?.close();
  }
  log.write('info', 'stopped');
}

function refuseRoot({ user }: ListenSetup, { asRoot }: ListenOptions): void {
  if (process.geteuid?.() !== 0 || user !== '' || asRoot) return;
  throw new McblockError(
    'config',
    'what other machines send is not for root to hear: listen.user names the user to go on as (and firewall.helper who changes pf for him), or --as-root stays root',
  );
}
