import type { Seconds } from '../../blocklist/entry.ts';
import { keepLatest } from '../keep-latest.ts';
import type { Refusal } from './verify-message.ts';

/** Why a message had no effect. Some of these reasons are expected, such as `own`. */
export type DropReason =
  | Refusal
  | 'duplicate'
  | 'protected'
  | 'too much'
  | 'held'
  | 'queue full'
  | 'over budget'
  | 'not remembered'
  | 'not an address';

interface ChannelCount {
  received: number;
  accepted: number;
  readonly refused: Map<DropReason, number>;
  lastMessageAt: Seconds | undefined;
}

interface SenderCount {
  /** Bans that blocked something, or for longer. */
  bans: number;
  lastAt: Seconds;
}

/** Bounded, because senders choose their names; the one silent for the longest time is dropped. */
const MAX_SENDERS = 64;

/** The result of fetching changes from the API. */
export interface ApiPosition {
  /** The number of the last change that this host has. */
  readonly lastNumber: number;
  /** The number of changes that the API has beyond it. */
  readonly behind: number;
}

/** The state and the counters of the daemon. */
export class SubscriberStatus {
  readonly startedAt: Seconds;
  readonly #channels = new Map<string, ChannelCount>();
  readonly #senders = new Map<string, SenderCount>();
  #connectedSince: Seconds | undefined;
  connections = 0;
  lastError: string | undefined;
  lastMessageAt: Seconds | undefined;
  caughtUp: ApiPosition | undefined;
  caughtUpAt: Seconds | undefined;
  /** Why the last request to the API failed; undefined if it did not. */
  apiError: string | undefined;
  /** The age of the last message on arrival; plain addresses have none. */
  latencySeconds: number | undefined;
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

  /** Counts a ban that changed what is blocked. */
  blockedBy(sender: string, at: Seconds): void {
    const bans = (this.#senders.get(sender)?.bans ?? 0) + 1;
    keepLatest(this.#senders, sender, { bans, lastAt: at }, MAX_SENDERS);
  }

  dropped(channel: string, reason: DropReason): void {
    const refused = this.#channels.get(channel)?.refused;
    refused?.set(reason, (refused.get(reason) ?? 0) + 1);
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
