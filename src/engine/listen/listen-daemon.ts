import type { Seconds } from '../../blocklist/entry.ts';
import type { ListenSetup } from '../../cli/config/listen-settings.ts';
import { whyText } from '../../cli/text/messages-text.ts';
import { reasonOf } from '../../errors.ts';
import { BlockQueue, type BlockRequest, type BlockResult } from '../../fleet/pubsub/block-queue.ts';
import { CommandQueue, type CommandReport } from '../../fleet/pubsub/command-queue.ts';
import { endpointText } from '../../fleet/pubsub/endpoint.ts';
import { banJson, type PageData } from '../../fleet/pubsub/page-data.ts';
import type { RepeatingTask } from '../../fleet/pubsub/repeating-task.ts';
import { type Dropped, SubscriberStatus } from '../../fleet/pubsub/status.ts';
import { StatusServer } from '../../fleet/pubsub/status-server.ts';
import { statusJson } from '../../fleet/pubsub/status-text.ts';
import { Subscriber } from '../../fleet/pubsub/subscriber.ts';
import { Subscription } from '../../fleet/pubsub/subscription.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { Applier } from '../firewall/live-firewall.ts';
import type { CaughtUp } from '../sync/catch-up.ts';
import type { Sent } from '../sync/send-outbox.ts';
import { askSeconds, catchUpErrand, postErrand } from './tasks.ts';

export interface DaemonDeps {
  readonly setup: ListenSetup;
  readonly log: ServerLog;
  readonly now: () => Seconds;
  readonly version: string;
  readonly storeBans: (requests: readonly BlockRequest[]) => readonly BlockResult[];
  readonly firewall: Applier;
  /** Asks the API for everything since the last number; undefined where there is none to ask. */
  readonly catchUp: (() => Promise<CaughtUp>) | undefined;
  /** Tells the API what other commands of this host blocked. */
  readonly post: (() => Promise<Sent>) | undefined;
  /** The network was away, perhaps, and is back: connections to the API may lead nowhere. */
  readonly renew: () => void;
  readonly page: { data(): Promise<PageData>; isOld(): boolean };
}

const STATE_MILLISECONDS = 1000;
/** What expires leaves the firewall within this time. */
const APPLY_MILLISECONDS = 60_000;
/** In a second one by one; the others as a number. */
const REFUSALS_TOLD = 20;

/** The daemon: what hears, what carries out, and what tells of it. */
export class ListenDaemon {
  readonly #deps: DaemonDeps;
  readonly #status: SubscriberStatus;
  readonly #blocks: BlockQueue;
  readonly #commands: CommandQueue;
  readonly #subscriber: Subscriber;
  readonly #catchUp: RepeatingTask<CaughtUp> | undefined;
  readonly #post: RepeatingTask<Sent> | undefined;
  readonly #server: StatusServer;
  readonly #timers: NodeJS.Timeout[] = [];
  #subscription: Subscription | undefined;
  #lastDisconnect: string | undefined;
  #isPageStale = false;
  #refusals = 0;
  /** The API has to be asked, as something was heard for which there was no room. */
  #isMissing = false;

  constructor(deps: DaemonDeps) {
    const { setup, log, now, version, page } = deps;
    this.#deps = deps;
    this.#blocks = new BlockQueue({
      store: deps.storeBans,
      add: deps.firewall.add,
      apply: deps.firewall.apply,
      onResult: (request, result) => this.#blocked(request, result),
      onFailure: (part, error) => log.write('error', 'failed', { part, reason: reasonOf(error) }),
    });
    this.#commands = new CommandQueue(setup.limits, (report) => this.#ended(report));
    this.#status = new SubscriberStatus(
      setup.channels.map(({ name }) => name),
      now(),
      () => ({ blocks: this.#blocks.size, commands: this.#commands.size }),
    );
    this.#subscriber = new Subscriber({
      rules: setup.rules,
      channels: setup.channels,
      status: this.#status,
      now,
      commands: this.#commands,
      block: (request) => this.#blocks.add(request),
      onDropped: (channel, why, detail) => this.#dropped(channel, why, detail),
    });
    this.#catchUp =
      deps.catchUp &&
      catchUpErrand(
        deps.catchUp,
        (result) => this.#caughtUp(result),
        (reason) => this.#notCaughtUp(reason),
        () => askSeconds(this.#status.connectedSince, now(), setup.catchUpSeconds),
      );
    this.#post = deps.post && postErrand(deps.post, log);
    this.#server = new StatusServer({ status: this.#status, version, page: () => page.data() });
  }

  /** Answers over HTTP. Throws McblockError('program') where it cannot listen there. */
  async answer(): Promise<void> {
    const { setup, log } = this.#deps;
    if (setup.status === undefined) return;
    log.write('info', 'answering', { at: await this.#server.listen(setup.status) });
  }

  /** Hears, until it is closed. */
  async hear(): Promise<void> {
    const { setup, log, now } = this.#deps;
    this.#timers.push(
      setInterval(() => this.#tell(), STATE_MILLISECONDS),
      setInterval(() => {
        this.#blocks.applySoon();
        // Other programs write into the store too.
        this.#isPageStale = true;
      }, APPLY_MILLISECONDS),
    );
    this.#blocks.applySoon();
    const names = setup.channels.map(({ name }) => name);
    log.write('info', 'connecting', { to: endpointText(setup.place.endpoint) });
    this.#subscription = await Subscription.open(setup.place, names, {
      onMessage: (channel, bytes) => this.#subscriber.hear(channel, bytes),
      onConnected: () => {
        this.#status.connected(now());
        this.#lastDisconnect = undefined;
        log.write('info', 'connected', { channels: names.join(' ') });
        this.#tell();
        this.#deps.renew();
        this.#catchUp?.soon();
      },
      onDisconnected: (reason) => {
        this.#status.disconnected(reason);
        // It tries for ever, and says it once.
        if (reason !== this.#lastDisconnect) log.write('warning', 'disconnected', { reason });
        if (this.#lastDisconnect === undefined) this.#catchUp?.soon();
        this.#lastDisconnect = reason;
        this.#tell();
      },
    });
  }

  /** What was heard is stored and in the firewall, as far as can be. */
  async close(): Promise<void> {
    this.#subscription?.close();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#catchUp?.close();
    await this.#post?.close();
    await this.#blocks.close();
    this.#commands.close();
    await this.#server.close();
  }

  #caughtUp(result: CaughtUp): void {
    this.#status.caughtUp = result;
    this.#status.caughtUpAt = this.#deps.now();
    this.#status.apiError = undefined;
    const { blocked, expired, allowed } = result;
    const isChange = blocked + expired + allowed > 0;
    if (isChange) this.#blocks.applySoon();
    this.#isPageStale ||= isChange;
    this.#deps.log.write('info', 'caught up', { ...result });
  }

  #notCaughtUp(reason: string): void {
    this.#status.apiError = reason;
    this.#deps.log.write('warning', 'not caught up', { reason });
  }

  #blocked({ channel, message }: BlockRequest, result: BlockResult): void {
    const { outcome, prefix, expiresAt } = result;
    const from = message?.sender ?? `channel ${channel}`;
    if (outcome === 'protected') {
      this.#status.dropped(channel, outcome);
      this.#dropped(channel, outcome, formatPrefix(prefix));
      return;
    }
    this.#status.accepted(channel);
    const isChange = outcome !== 'covered' && outcome !== 'evidence';
    this.#deps.log.write(isChange ? 'info' : 'debug', outcome, {
      prefix: formatPrefix(prefix),
      from,
      channel,
    });
    if (!isChange) return;
    this.#isPageStale = true;
    const { evidence = [], note = '' } = message?.ban ?? {};
    const at = this.#deps.now();
    this.#status.blockedBy(from, at);
    const ban = { at, prefix, from, why: whyText(evidence, note), outcome, expiresAt };
    this.#server.events.send('ban', banJson(ban));
  }

  #dropped(channel: string, why: Dropped, detail: string): void {
    this.#isMissing ||= why === 'queue full';
    const isAsItShouldBe = why === 'echo' || why === 'own';
    // Nobody fills the log, or the time of this host, by sending what is refused.
    if (++this.#refusals > REFUSALS_TOLD) return;
    this.#deps.log.write(isAsItShouldBe ? 'debug' : 'warning', 'refused', { channel, why, detail });
  }

  #ended({ argv, status, signal, output, error, seconds, channel }: CommandReport): void {
    const failed = status !== 0;
    const command = argv.join(' ');
    const taken = Math.round(seconds * 1000) / 1000;
    this.#deps.log.write(failed ? 'warning' : 'info', 'command', {
      channel,
      command,
      status,
      signal,
      error,
      output,
      seconds: taken,
    });
  }

  #tell(): void {
    if (this.#refusals > REFUSALS_TOLD) {
      const more = this.#refusals - REFUSALS_TOLD;
      this.#deps.log.write('warning', 'refused', { more });
    }
    this.#refusals = 0;
    if (this.#isMissing && this.#blocks.size === 0) {
      this.#isMissing = false;
      this.#catchUp?.soon();
    }
    const { events } = this.#server;
    if (!events.isHeard) return;
    events.send('state', statusJson(this.#status));
    // Whoever asks earlier is given what was before.
    if (!this.#isPageStale || !this.#deps.page.isOld()) return;
    events.send('changed', {});
    this.#isPageStale = false;
  }
}
