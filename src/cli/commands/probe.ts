import type { Command } from 'commander';
import type { OffenceKind } from '../../blocklist/offence.ts';
import { countText, nounText } from '../../count-text.ts';
import { FirewallUpdater } from '../../engine/firewall/firewall-updater.ts';
import { BanPublisher, openPublisher } from '../../engine/publish/ban-publisher.ts';
import { StreamWatcher } from '../../engine/watch/stream-watcher.ts';
import { McblockError } from '../../errors.ts';
import { overflowsSince, readOverflows } from '../../log/probe/listen-overflows.ts';
import { ProbeCollector } from '../../log/probe/probe-collector.ts';
import { ProbeStream } from '../../log/probe/probe-stream.ts';
import { inheritedSockets } from '../../process/inherited-sockets.ts';
import { type ApplyChoice, addApplyOptions, liveConfigured } from '../afterwards.ts';
import { changeTeller } from '../change-teller.ts';
import type { Config } from '../config/config.ts';
import { publisherSettings } from '../config/publisher-settings.ts';
import type { Context } from '../context.ts';
import { readOptionsOf } from '../log-options.ts';
import { during, refuseRoot, targetUser } from '../privileges.ts';
import { Signals } from '../signals.ts';

interface ProbeCommandOptions extends ApplyChoice {
  readonly asRoot?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Listens on TCP ports that nobody should connect to, and records who does. Accepts each connection, notes its address and port, and closes it; sends nothing. Configured by [probe]; systemd may hand over the sockets.',
    )
    .option('--as-root', 'keep root privileges, where probe.user is not set')
    .addHelpText(
      'after',
      `
Examples:
  mcblock probe                       run by rc(8) or systemd
  mcblock explain 192.0.2.7           show the ports that it tried

SIGHUP rereads the rules and the policy, but opens no other ports. SIGTERM records what was accepted and
exits.
`,
    )
    .action((options: ProbeCommandOptions) => probe(context, options));
}

async function probe(context: Context, options: ProbeCommandOptions): Promise<void> {
  const config = await context.config();
  const sockets = inheritedSockets(context.env);
  const settings = settingsOf(config, sockets, options);
  const { ports, redirect, user } = settings;
  const target = user === '' ? undefined : await targetUser(user, '', 'probe.user');
  const warn = (text: string): void => context.stderr.write(`${text}\n`);
  const store = await during(target, () => context.store('write'));
  context.time.require();
  const publishing = publisherSettings(config);
  let judged = await judgedBy(context);
  const overflows = readOverflows();
  const signals = new Signals();
  const stream = new ProbeStream({ ports, redirect, sockets, user: target?.ids });
  const collector = new ProbeCollector((kind) => judged.pointsOf(kind));
  const reload = async () => {
    const reread = await judgedBy(context);
    const wanted = settingsOf(await context.config(), sockets, options);
    if (JSON.stringify(wanted) !== JSON.stringify(settings)) {
      warn('mcblock: restart mcblock probe for new ports or a new user');
    }
    judged = reread;
    return reread;
  };
  let publisher: BanPublisher | undefined;
  let updater: FirewallUpdater | undefined;
  try {
    await stream.listening();
    target?.become();
    publisher = publishing && new BanPublisher(await openPublisher(publishing), warn);
    const live = await liveConfigured(context, options);
    updater = live && new FirewallUpdater(live, warn);
    updater?.apply();
    context.remark(`mcblock: probing ${portsText(ports, redirect, sockets)}`);
    await new StreamWatcher(judged, signals, {
      store,
      now: () => context.time.present,
      reload: () => context.withFreshConfig(reload),
      warn,
      onChange: changeTeller(context, publisher, updater),
      name: 'probe',
      source: undefined,
      onHangUp: 'reload',
      open: () => stream,
      collector: () => collector,
    }).run();
  } finally {
    stream.end();
    await updater?.close();
    await publisher?.close();
    signals.close();
  }
  const { accepted = collector.collected, collected } = collector;
  const lost = overflowsSince(overflows);
  const lostText = lost === undefined ? '' : `; ListenOverflows ${countText(lost)}`;
  context.remark(
    `mcblock: ${nounText(accepted, 'connection', 'connections')} accepted, ${countText(collected)} recorded${lostText}`,
  );
}

/** The policies, and the points of a port if rules say so. */
async function judgedBy(context: Context) {
  const readOptions = await readOptionsOf(await context.config(), {});
  const policies = await context.policies(readOptions.rules);
  const { points, eventOf } = readOptions.rules;
  const pointsOf = (kind: OffenceKind) => points.get(eventOf(kind));
  return { policies, readOptions, files: [], pointsOf };
}

interface ProbeSettings {
  readonly ports: readonly number[];
  /** The port to which the firewall redirects; 0 for none. */
  readonly redirect: number;
  readonly user: string;
}

function settingsOf(
  config: Config,
  sockets: readonly number[],
  { asRoot }: ProbeCommandOptions,
): ProbeSettings {
  const ports = sockets.length > 0 ? [] : config.get('probe.ports');
  const redirect = config.get('probe.redirect');
  const user = config.get('probe.user');
  if (ports.length === 0 && sockets.length === 0 && redirect === 0) {
    throw new McblockError('config', 'nothing to probe: set probe.ports, such as [23, 445, 3389]');
  }
  refuseRoot('probe.user', user, asRoot);
  return { ports, redirect, user };
}

function portsText(ports: readonly number[], redirect: number, sockets: readonly number[]): string {
  const parts = [
    ports.length > 0 && `port ${ports.join(', ')}`,
    redirect > 0 && `port ${redirect} for what the firewall redirects`,
    sockets.length > 0 && nounText(sockets.length, 'socket of systemd', 'sockets of systemd'),
  ];
  return parts.filter(Boolean).join(' and ');
}
