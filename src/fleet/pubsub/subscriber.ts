import type { Seconds } from '../../blocklist/entry.ts';
import { reasonOf } from '../../errors.ts';
import { RateLimiter } from '../rate-limit.ts';
import type { BanMessage } from './ban.ts';
import type { BlockRequest } from './block-queue.ts';
import type { Channel } from './channel.ts';
import { banArgument, wordArgument } from './command-argument.ts';
import type { CommandQueue } from './command-queue.ts';
import { DualFormFilter } from './dual-form-filter.ts';
import type { DropReason, SubscriberStatus } from './status.ts';
import {
  type RefusedMessage,
  type VerificationRules,
  type VerifiedMessage,
  verifyMessage,
} from './verify-message.ts';

const MESSAGE_CAME = 'its message was received before';

export interface SubscriberOptions {
  readonly rules: VerificationRules;
  readonly channels: readonly Channel[];
  readonly status: SubscriberStatus;
  /** Queues a ban; it counts it as accepted later. False if the queue is full. */
  readonly block: (request: BlockRequest) => boolean;
  /** Whether a signed message is new; it is remembered from then on. May throw. */
  readonly remember: (message: BanMessage) => boolean;
  readonly commands: CommandQueue;
  readonly onDropped: (channel: string, reason: DropReason, detail: string) => void;
  readonly now: () => Seconds;
}

/** What a channel accepts in plain text, in the long run, where messages are verified. */
const PLAIN_PER_SECOND = 10;
const BURST_SECONDS = 60;

/** Takes each message from its bytes to the queue of its channel's action. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #plain = new RateLimiter(PLAIN_PER_SECOND, BURST_SECONDS);
  readonly #forms = new DualFormFilter();

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#channels = new Map(options.channels.map((channel) => [channel.name, channel]));
  }

  /** No message makes it throw. */
  receive(name: string, bytes: Uint8Array): void {
    const { status, now, rules } = this.#options;
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    status.received(name, now());
    const { action } = channel;
    if (action.kind === 'command' && typeof action.carries === 'object') {
      const word = wordArgument(bytes, action.carries.words);
      if (word === undefined) this.#drop(name, 'malformed', 'does not match the pattern');
      else if (this.#isWithinBudget(name)) this.#run(name, [...action.argv, word]);
      return;
    }
    const verified = verifyMessage(bytes, channel, rules, now());
    if ('refused' in verified) {
      this.#refused(name, verified);
      return;
    }
    const { message } = verified;
    if (message === undefined && !this.#isWithinBudget(name)) return;
    if (message !== undefined) status.latencySeconds = now() - message.at;
    if (action.kind === 'block') {
      this.#block(name, verified);
    } else if (action.carries === 'address' || action.carries === 'prefix') {
      const argument = banArgument(verified, action.carries);
      if (argument === undefined) this.#drop(name, 'not an address', 'the ban is of a network');
      else if (this.#isNew(name, verified)) this.#run(name, [...action.argv, argument]);
    }
  }

  #refused(name: string, { refused, detail, address }: RefusedMessage): void {
    const form = refused === 'own' ? 'message' : 'plain';
    const isDuplicate =
      address !== undefined &&
      this.#forms.isDuplicate(form, address, this.#options.now(), refused === 'own');
    if (refused === 'unsigned' && isDuplicate) this.#drop(name, 'duplicate', MESSAGE_CAME);
    else this.#drop(name, refused, detail);
  }

  /** Whether the channel may have another message in plain text now. */
  #isWithinBudget(name: string): boolean {
    if (this.#options.rules.keys === undefined || this.#plain.take(name, 1) === 0) return true;
    this.#drop(name, 'over budget', `more than ${PLAIN_PER_SECOND} in plain text a second`);
    return false;
  }

  /** Whether a command runs for the message. For a block, the store decides that when it stores it. */
  #isNew(name: string, { message, isSigned }: VerifiedMessage): boolean {
    if (message === undefined || !isSigned) return true;
    try {
      if (this.#options.remember(message)) return true;
      this.#drop(name, 'replayed', `number ${message.number} of ${message.sender}`);
    } catch (error) {
      this.#drop(name, 'not remembered', reasonOf(error));
    }
    return false;
  }

  #block(name: string, verified: VerifiedMessage): void {
    const form = verified.message === undefined ? 'plain' : 'message';
    const { address } = verified;
    const isDuplicate =
      address !== undefined && this.#forms.isDuplicate(form, address, this.#options.now());
    // The message has the prefix and the expiry too, so it takes effect even if it comes second.
    if (isDuplicate && form === 'plain') {
      this.#drop(name, 'duplicate', MESSAGE_CAME);
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
