import type { Seconds } from '../../blocklist/entry.ts';
import type { Refusal } from './verify.ts';

/** Why a message was not carried out, though some of these are as they should be. */
export type Dropped = Refusal | 'echo' | 'protected' | 'queue full' | 'not carried';

interface ChannelCount {
  received: number;
  accepted: number;
  readonly refused: Map<Dropped, number>;
  lastMessageAt: Seconds | undefined;
}

interface SenderCount {
  /** Of his bans, those that blocked something, or for longer. */
  bans: number;
  lastAt: Seconds;
}

/** Beyond so many the one who was silent longest is forgotten: whoever sends may call himself anything. */
const MAX_SENDERS = 64;

/** What asking the API for all since the last number came to. */
export interface CaughtUp {
  /** The number of the last change that this host has. */
  readonly lastNumber: number;
  /** How many changes the API has beyond that. */
  readonly behind: number;
}

/** What the daemon knows of itself. */
export class SubscriberStatus {
  readonly startedAt: Seconds;
  readonly #channels = new Map<string, ChannelCount>();
  readonly #senders = new Map<string, SenderCount>();
  #connectedSince: Seconds | undefined;
  connections = 0;
  lastError: string | undefined;
  lastMessageAt: Seconds | undefined;
  caughtUp: CaughtUp | undefined;
  caughtUpAt: Seconds | undefined;
  /** Why the API could not be asked the last time. */
  apiError: string | undefined;
  /** Of messages with a time: how long the last one was under way, in seconds. */
  underWaySeconds: number | undefined;
  readonly #queues: () => { readonly blocks: number; readonly commands: number };

  constructor(
    channels: Iterable<string>,
    startedAt: Seconds,
    queues: () => { readonly blocks: number; readonly commands: number },
  ) {
    this.startedAt = startedAt;
    this.#queues = queues;
    for (const name of channels) {
      const count = { received: 0, accepted: 0, refused: new Map(), lastMessageAt: undefined };
      this.#channels.set(name, count);
    }
  }

  get isConnected(): boolean {
    return this.#connectedSince !== undefined;
  }

  get connectedSince(): Seconds | undefined {
    return this.#connectedSince;
  }

  connected(at: Seconds): void {
    this.#connectedSince = at;
    this.connections++;
    this.lastError = undefined;
  }

  disconnected(reason: string): void {
    this.#connectedSince = undefined;
    this.lastError = reason;
  }

  received(channel: string, at: Seconds): void {
    this.lastMessageAt = at;
    const count = this.#channels.get(channel);
    if (count === undefined) return;
    count.received++;
    count.lastMessageAt = at;
  }

  accepted(channel: string): void {
    const count = this.#channels.get(channel);
    if (count !== undefined) count.accepted++;
  }

  /** Whose ban changed what is blocked. */
  blockedBy(sender: string, at: Seconds): void {
    const bans = (this.#senders.get(sender)?.bans ?? 0) + 1;
    // To the end of the map: those who were silent longest come first.
    this.#senders.delete(sender);
    this.#senders.set(sender, { bans, lastAt: at });
    for (const silent of this.#senders.keys()) {
      if (this.#senders.size <= MAX_SENDERS) break;
      this.#senders.delete(silent);
    }
  }

  dropped(channel: string, why: Dropped): void {
    const refused = this.#channels.get(channel)?.refused;
    refused?.set(why, (refused.get(why) ?? 0) + 1);
  }

  get channels(): ReadonlyMap<string, Readonly<ChannelCount>> {
    return this.#channels;
  }

  get senders(): ReadonlyMap<string, Readonly<SenderCount>> {
    return this.#senders;
  }

  get queues(): { readonly blocks: number; readonly commands: number } {
    return this.#queues();
  }
}
