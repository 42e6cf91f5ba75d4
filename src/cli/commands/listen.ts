import type { Command } from 'commander';
import { liveFirewall, NO_FIREWALL } from '../../engine/firewall/live-firewall.ts';
import { ListenDaemon } from '../../engine/listen/listen-daemon.ts';
import { PageSource } from '../../engine/listen/page-source.ts';
import { isNew, storeBans } from '../../engine/listen/store-bans.ts';
import { catchUp } from '../../engine/sync/catch-up.ts';
import { PendingSender } from '../../engine/sync/pending-sender.ts';
import { sendOutbox } from '../../engine/sync/send-outbox.ts';
import { fetchUserKeys, KEY_FAULTS, type OwnKey } from '../../engine/sync/user-keys.ts';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { type ApplyChoice, addApplyOptions, isToUpdate, NOT_APPLIED } from '../afterwards.ts';
import { readAcacia } from '../config/acacia.ts';
import { configuredFirewall } from '../config/firewall-settings.ts';
import { fleetClient } from '../config/fleet-client.ts';
import { listenSettings } from '../config/listen-settings.ts';
import { catchUpOptions } from '../config/sync-options.ts';
import type { Context } from '../context.ts';
import { daemonLog, stopped } from '../daemon.ts';
import { during, refuseRoot, targetUser } from '../privileges.ts';
import { VERSION } from '../version.ts';

interface ListenOptions extends ApplyChoice {
  readonly acacia?: string;
  readonly asRoot?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Subscribes to the bans of other machines over Redis pub/sub, stores them and updates the firewall at once. Reports the bans of other commands of this host to the API, and fetches from it what was missed. Serves its status over HTTP. Configured by [pubsub] and [listen].',
    )
    .option(
      '--acacia <file>',
      "also read acacia_pubsub's configuration file, which takes precedence",
    )
    .option('--as-root', 'keep root privileges, where listen.user is not set')
    .addHelpText(
      'after',
      `
Examples:
  mcblock listen                              run by rc(8) or systemd
  mcblock listen --acacia /etc/acacia.json    as a replacement for acacia_pubsub
  curl http://127.0.0.1:8091/status           show the status

Logs to stderr, one JSON object per line, or text at a terminal. SIGTERM stops it once all it received is stored.
`,
    )
    .action((options: ListenOptions) => listen(context, options));
}

async function listen(context: Context, options: ListenOptions): Promise<void> {
  const config = await context.config();
  const acacia = options.acacia === undefined ? undefined : readAcacia(options.acacia);
  for (const warning of acacia?.warnings ?? []) context.remark(`mcblock: ${warning}`);
  // Only root may be able to read certificates and keys.
  const { user, group, ...settings } = listenSettings(config, acacia);
  refuseRoot('listen.user', user, options.asRoot);
  const target = user === '' ? undefined : await targetUser(user, group, 'listen.user');
  const policy = await context.policy();
  const log = daemonLog(context);
  const store = await during(target, () => context.store('write'));
  context.time.require();
  const stop = new AbortController();
  const now = () => context.time.present;
  const client = config.get('fleet.url') === '' ? undefined : fleetClient(config, stop.signal);
  const changes = catchUpOptions(config, await context.policies(), now);
  const warn = (text: string) => log.write('warning', 'outbox', { text });
  const { key, rules } = settings;
  rules.keys?.replace(store.fleetState.senders.keys());
  const own = key && { name: rules.self, key: key.publicKey };
  const fetchKeys = async (api: FleetClient, ownKey: OwnKey) => {
    const fetched = await fetchUserKeys(store, api, ownKey);
    rules.keys?.replace(store.fleetState.senders.keys());
    if (fetched.isNew) log.write('info', 'keys', { users: fetched.count });
    for (const { name, key: next, before } of fetched.changes) {
      log.write('warning', 'key', { user: name, key: next, replaced: before });
    }
    const fault = KEY_FAULTS[fetched.own];
    if (fault !== undefined) throw new McblockError('config', fault.join('; '));
  };
  const applies = await isToUpdate(context, options);
  if (!applies && options.apply === undefined) {
    log.write('info', 'no firewall', { text: NOT_APPLIED });
  }
  const pending = new PendingSender(changes.policies.windowSeconds, now);
  const post = async (api: FleetClient) => ({
    ...(await sendOutbox(store, api, now, warn)),
    pending: await pending.send(store, api),
  });
  const firewall = applies
    ? liveFirewall(await configuredFirewall(config), store, policy, now)
    : NO_FIREWALL;
  const daemon = new ListenDaemon({
    settings,
    log,
    version: VERSION,
    now,
    remember: (message) => isNew(store, message),
    storeBans: (requests) =>
      storeBans(
        store,
        requests,
        changes.policies,
        now(),
        rules.maxAgeSeconds,
        client !== undefined,
      ),
    firewall,
    fetchKeys: client && own && (() => fetchKeys(client, own)),
    catchUp: client && (() => catchUp(store, client, changes)),
    post: client && (() => post(client)),
    renew: () => client?.renew(),
    page: new PageSource(store, policy, now),
  });
  const stopping = stopped();
  try {
    await daemon.serveStatus();
    target?.become();
    await daemon.subscribe();
    const signal = await stopping;
    log.write('info', 'stopping', { signal });
  } finally {
    // Requests to the API that are cut off are made again next time.
    stop.abort();
    await daemon.close();
    firewall.close();
    client?.close();
  }
  log.write('info', 'stopped');
}
