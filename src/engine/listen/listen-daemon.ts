import type { Seconds } from '../../blocklist/entry.ts';

import { reasonText } from '../../blocklist/message-counts.ts';
import { reasonOf } from '../../errors.ts';
import type { BanMessage } from '../../fleet/pubsub/ban.ts';
import {
  BlockQueue,
  type BlockRequest,
  type BlockResult,
  isRefused,
  sourceOf,
} from '../../fleet/pubsub/block-queue.ts';
import type { Channel } from '../../fleet/pubsub/channel.ts';
import {
  type CommandLimits,
  CommandQueue,
  type CommandReport,
} from '../../fleet/pubsub/command-queue.ts';
import { type Endpoint, endpointText } from '../../fleet/pubsub/endpoint.ts';
import { banJson, type PageData } from '../../fleet/pubsub/page-data.ts';
import type { RedisLocation } from '../../fleet/pubsub/redis-options.ts';
import type { SigningKey } from '../../fleet/pubsub/signing-key.ts';
import { type DropReason, SubscriberStatus } from '../../fleet/pubsub/status.ts';
import { StatusServer } from '../../fleet/pubsub/status-server.ts';
import { statusJson } from '../../fleet/pubsub/status-text.ts';
import { Subscriber } from '../../fleet/pubsub/subscriber.ts';
import { Subscription } from '../../fleet/pubsub/subscription.ts';
import type { VerificationRules } from '../../fleet/pubsub/verify-message.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { RepeatingTask } from '../../repeating-task.ts';
import type { LiveFirewall } from '../firewall/live-firewall.ts';
import type { CatchUpResult } from '../sync/catch-up-result.ts';
import { catchUpSeconds, fetchTask, type PostedReports, postTask } from './tasks.ts';

export interface ListenSettings {
  readonly redis: RedisLocation;
  readonly channels: readonly Channel[];
  readonly rules: VerificationRules;
  /** This machine's; undefined: messages are neither signed nor verified. */
  readonly key: SigningKey | undefined;
  /** Limits for commands that channels start. */
  readonly limits: CommandLimits;
  /** The API is asked at this interval even while no message is missed. */
  readonly catchUpSeconds: number;
  /** Where the status is served over HTTP; undefined if it is not. */
  readonly status: Endpoint | undefined;
}

export interface ListenDeps {
  readonly settings: ListenSettings;
  readonly log: ServerLog;
  readonly now: () => Seconds;
  readonly version: string;
  /** Whether a signed message is new; it is remembered from then on. */
  readonly remember: (message: BanMessage) => boolean;
  readonly storeBans: (requests: readonly BlockRequest[]) => readonly BlockResult[];
  readonly firewall: LiveFirewall;
  /** Fetches the keys of the other machines from the API; undefined without an API. */
  readonly fetchKeys: (() => Promise<void>) | undefined;
  /** Fetches the changes since the last known number from the API; undefined without an API. */
  readonly catchUp: (() => Promise<CatchUpResult>) | undefined;
  /** Sends the outbox to the API. */
  readonly post: (() => Promise<PostedReports>) | undefined;
  /** Drops connections to the API: the network may have been away, and they may be dead. */
  readonly renew: () => void;
  readonly page: { data(): Promise<PageData>; isOld(): boolean };
}

const STATE_MILLISECONDS = 1000;
/** Expired entries leave the firewall, and rules that were added coalesce, within this time. */
const APPLY_MILLISECONDS = 60_000;
/** Whoever sends forged messages does not make the machines of a fleet ask the API without end. */
const MIN_KEYS_MILLISECONDS = 30_000;
/** Refusals that are logged one by one each second; the others are counted. */
const MAX_LOGGED_REFUSALS = 20;

/** Receives bans and commands over Redis, carries them out, and reports on itself. */
export class ListenDaemon {
  readonly #deps: ListenDeps;
  readonly #status: SubscriberStatus;
  readonly #blocks: BlockQueue;
  readonly #commands: CommandQueue;
  readonly #subscriber: Subscriber;
  readonly #catchUp: RepeatingTask | undefined;
  readonly #fetchKeys: RepeatingTask | undefined;
  readonly #post: RepeatingTask | undefined;
  readonly #server: StatusServer;
  readonly #timers: NodeJS.Timeout[] = [];
  #subscription: Subscription | undefined;
  #lastDisconnect: string | undefined;
  #isPageStale = false;
  #refusals = 0;
  /** When keys were last fetched for the sake of a message. */
  #keysAt = Number.NEGATIVE_INFINITY;
  /** A message was dropped for lack of room, so that the API must be asked. */
  #isMissing = false;

  constructor(deps: ListenDeps) {
    const { settings, log, now, version, page } = deps;
    this.#deps = deps;
    this.#blocks = new BlockQueue({
      store: deps.storeBans,
      add: deps.firewall.add,
      apply: deps.firewall.apply,
      onResult: (request, result) => this.#blocked(request, result),
      onFailure: (part, error) => log.write('error', 'failed', { part, reason: reasonOf(error) }),
    });
    this.#commands = new CommandQueue(settings.limits, (report) => this.#ended(report));
    this.#status = new SubscriberStatus(
      settings.channels.map(({ name }) => name),
      now(),
      () => ({ blocks: this.#blocks.size, commands: this.#commands.size }),
    );
    this.#subscriber = new Subscriber({
      rules: settings.rules,
      channels: settings.channels,
      status: this.#status,
      now,
      commands: this.#commands,
      remember: deps.remember,
      block: (request) => this.#blocks.add(request),
      onDropped: (channel, reason, detail) => this.#dropped(channel, reason, detail),
    });
    this.#catchUp =
      deps.catchUp &&
      fetchTask(
        deps.catchUp,
        (result) => this.#caughtUp(result),
        (reason) => this.#notCaughtUp(reason),
        () => catchUpSeconds(this.#status.connectedSince, now(), settings.catchUpSeconds),
      );
    this.#fetchKeys =
      deps.fetchKeys &&
      fetchTask(
        deps.fetchKeys,
        () => {},
        (reason) => log.write('warning', 'no keys', { reason }),
        () => settings.catchUpSeconds,
      );
    this.#post = deps.post && postTask(deps.post, () => this.#catchUp?.requestNow(), log);
    this.#server = new StatusServer({ status: this.#status, version, page: () => page.data() });
  }

  /** Serves the status. Throws McblockError('program') if it cannot listen there. */
  async serveStatus(): Promise<void> {
    const { settings, log } = this.#deps;
    if (settings.status === undefined) return;
    log.write('info', 'answering', { at: await this.#server.listen(settings.status) });
  }

  /** Receives messages until it is closed. */
  async subscribe(): Promise<void> {
    const { settings, log, now } = this.#deps;
    this.#timers.push(
      setInterval(() => this.#publishState(), STATE_MILLISECONDS),
      setInterval(() => {
        this.#blocks.applySoon();
        // Other programs write to the store too.
        this.#isPageStale = true;
      }, APPLY_MILLISECONDS),
    );
    this.#blocks.applySoon();
    const names = settings.channels.map(({ name }) => name);
    log.write('info', 'connecting', { to: endpointText(settings.redis.endpoint) });
    this.#subscription = await Subscription.open(settings.redis, names, {
      onMessage: (channel, bytes) => this.#subscriber.receive(channel, bytes),
      onConnected: () => {
        this.#status.connected(now());
        this.#lastDisconnect = undefined;
        log.write('info', 'connected', { channels: names.join(' ') });
        this.#publishState();
        this.#deps.renew();
        this.#fetchKeys?.requestNow();
        this.#catchUp?.requestNow();
      },
      onDisconnected: (reason) => {
        this.#status.disconnected(reason);
        // It keeps trying, and logs each reason once.
        if (reason !== this.#lastDisconnect) log.write('warning', 'disconnected', { reason });
        if (this.#lastDisconnect === undefined) this.#catchUp?.requestNow();
        this.#lastDisconnect = reason;
        this.#publishState();
      },
    });
  }

  /** Stores and applies what was received, as far as possible, and ends. */
  async close(): Promise<void> {
    this.#subscription?.close();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#catchUp?.stop();
    await this.#fetchKeys?.stop();
    await this.#post?.stop();
    await this.#blocks.close();
    this.#commands.close();
    await this.#server.close();
  }

  #caughtUp(result: CatchUpResult): void {
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

  #blocked(request: BlockRequest, result: BlockResult): void {
    const { channel, message } = request;
    const { outcome, prefix, expiresAt } = result;
    const from = sourceOf(request);
    if (isRefused(outcome)) {
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
    const ban = { at, prefix, from, why: reasonText(evidence, note), outcome, expiresAt };
    this.#server.events.send('ban', banJson(ban));
  }

  #dropped(channel: string, reason: DropReason, detail: string): void {
    this.#isMissing ||= reason === 'queue full';
    const isStrange = reason === 'unknown sender' || reason === 'forged';
    // Its sender may have a new key, of which the API tells.
    if (isStrange && performance.now() - this.#keysAt > MIN_KEYS_MILLISECONDS) {
      this.#keysAt = performance.now();
      this.#fetchKeys?.requestNow();
    }
    const isExpected = reason === 'duplicate' || reason === 'own';
    // Nobody can fill the log by sending messages that are refused.
    if (++this.#refusals > MAX_LOGGED_REFUSALS) return;
    this.#deps.log.write(isExpected ? 'debug' : 'warning', 'refused', { channel, reason, detail });
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

  #publishState(): void {
    if (this.#refusals > MAX_LOGGED_REFUSALS) {
      const more = this.#refusals - MAX_LOGGED_REFUSALS;
      this.#deps.log.write('warning', 'refused', { more });
    }
    this.#refusals = 0;
    if (this.#isMissing && this.#blocks.size === 0) {
      this.#isMissing = false;
      this.#catchUp?.requestNow();
    }
    const { events } = this.#server;
    if (!events.hasListeners) return;
    events.send('state', statusJson(this.#status));
    // Until the page data is old, a browser that asks gets what it already has.
    if (!this.#isPageStale || !this.#deps.page.isOld()) return;
    events.send('changed', {});
    this.#isPageStale = false;
  }
}
