import type { Seconds } from '../../blocklist/entry.ts';
import type { BlockRequest } from './block-queue.ts';
import type { Channel } from './channel.ts';
import { banArgument, wordArgument } from './command-argument.ts';
import type { CommandQueue } from './command-queue.ts';
import { DualFormFilter } from './dual-form-filter.ts';
import { ReplayFilter } from './replay-filter.ts';
import type { DropReason, SubscriberStatus } from './status.ts';
import { type VerificationRules, type VerifiedMessage, verifyMessage } from './verify-message.ts';

export interface SubscriberOptions {
  readonly rules: VerificationRules;
  readonly channels: readonly Channel[];
  readonly status: SubscriberStatus;
  /** Queues a ban; it counts it as accepted later. False if the queue is full. */
  readonly block: (request: BlockRequest) => boolean;
  readonly commands: CommandQueue;
  readonly onDropped: (channel: string, reason: DropReason, detail: string) => void;
  readonly now: () => Seconds;
}

/** Takes each message from its bytes to the queue of its channel's action. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #channels: ReadonlyMap<
    string,
    { readonly channel: Channel; readonly replays: ReplayFilter }
  >;
  readonly #forms = new DualFormFilter();

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#channels = new Map(
      options.channels.map((channel) => [channel.name, { channel, replays: new ReplayFilter() }]),
    );
  }

  /** No message makes it throw. */
  receive(name: string, bytes: Uint8Array): void {
    const { status, now } = this.#options;
    const known = this.#channels.get(name);
    if (known === undefined) return;
    status.received(name, now());
    const { action } = known.channel;
    if (action.kind === 'command' && typeof action.carries === 'object') {
      const word = wordArgument(bytes, action.carries.words);
      if (word === undefined) this.#drop(name, 'malformed', 'not a word that the pattern allows');
      else this.#run(name, [...action.argv, word]);
      return;
    }
    const verified = verifyMessage(bytes, this.#options.rules, now());
    if ('refused' in verified) {
      const { ownAddress } = verified;
      if (ownAddress !== undefined) this.#forms.isDuplicate('message', ownAddress, now());
      this.#drop(name, verified.refused, verified.detail);
      return;
    }
    const { message } = verified;
    if (message !== undefined && !known.replays.isNew(message.sender, message.number)) {
      this.#drop(name, 'replayed', `number ${message.number} of ${message.sender}`);
      return;
    }
    if (message !== undefined) status.latencySeconds = now() - message.at;
    if (action.kind === 'block') {
      this.#block(name, verified);
    } else if (action.carries === 'address' || action.carries === 'prefix') {
      const argument = banArgument(verified, action.carries);
      if (argument === undefined) this.#drop(name, 'not an address', 'the ban is of a network');
      else this.#run(name, [...action.argv, argument]);
    }
  }

  #block(name: string, verified: VerifiedMessage): void {
    const form = verified.message === undefined ? 'plain' : 'message';
    const { address } = verified;
    const isDuplicate =
      address !== undefined && this.#forms.isDuplicate(form, address, this.#options.now());
    // The message has the prefix and the expiry too, so it takes effect even if it comes second.
    if (isDuplicate && form === 'plain') {
      this.#drop(name, 'duplicate', 'its message came before');
      return;
    }
    if (!this.#options.block({ ...verified, channel: name, isDuplicate })) {
      this.#drop(name, 'queue full', 'the API has the ban');
    }
  }

  #run(name: string, argv: [string, ...string[]]): void {
    const { commands, status } = this.#options;
    if (commands.add({ channel: name, argv })) status.accepted(name);
    else this.#drop(name, 'queue full', 'too many commands are waiting');
  }

  #drop(name: string, reason: DropReason, detail: string): void {
    this.#options.status.dropped(name, reason);
    this.#options.onDropped(name, reason, detail);
  }
}
