import type { Seconds } from '../../blocklist/entry.ts';
import type { BlockRequest } from './block-queue.ts';
import { banArgument, wordArgument } from './carried.ts';
import type { Channel } from './channel.ts';
import type { CommandQueue } from './command-queue.ts';
import { Echoes } from './echoes.ts';
import { Seen } from './seen.ts';
import type { Dropped, SubscriberStatus } from './status.ts';
import { hear, type VerificationRules, type VerifiedMessage } from './verify.ts';

export interface SubscriberOptions {
  readonly rules: VerificationRules;
  readonly channels: readonly Channel[];
  readonly status: SubscriberStatus;
  /** Takes what is to be blocked, and counts it when it is; false where there is no room. */
  readonly block: (request: BlockRequest) => boolean;
  readonly commands: CommandQueue;
  /** What a message was refused for. */
  readonly onDropped: (channel: string, why: Dropped, detail: string) => void;
  readonly now: () => Seconds;
}

/** What happens with each message, from its bytes to the queue of its action. */
export class Subscriber {
  readonly #deps: SubscriberOptions;
  readonly #channels: ReadonlyMap<string, { readonly channel: Channel; readonly seen: Seen }>;
  readonly #echoes = new Echoes();

  constructor(deps: SubscriberOptions) {
    this.#deps = deps;
    this.#channels = new Map(
      deps.channels.map((channel) => [channel.name, { channel, seen: new Seen() }]),
    );
  }

  /** A message, as it came. Throws nothing that a message could bring about. */
  hear(name: string, bytes: Uint8Array): void {
    const { status, now } = this.#deps;
    const known = this.#channels.get(name);
    if (known === undefined) return;
    status.received(name, now());
    const { action } = known.channel;
    if (action.kind === 'command' && typeof action.carries === 'object') {
      const word = wordArgument(bytes, action.carries.words);
      if (word === undefined) this.#drop(name, 'malformed', 'it is no word of the pattern');
      else this.#run(name, [...action.argv, word]);
      return;
    }
    const verification = hear(bytes, this.#deps.rules, now());
    if ('refused' in verification) {
      const { ownAddress } = verification;
      if (ownAddress !== undefined) this.#echoes.isEcho('message', ownAddress, now());
      this.#drop(name, verification.refused, verification.why);
      return;
    }
    const { message } = verification;
    if (message !== undefined && !known.seen.isNew(message.sender, message.number)) {
      this.#drop(name, 'replayed', `number ${message.number} of ${message.sender}`);
      return;
    }
    if (message !== undefined) status.underWaySeconds = now() - message.at;
    if (action.kind === 'block') {
      this.#block(name, verification);
    } else if (action.carries === 'address' || action.carries === 'prefix') {
      const argument = banArgument(verification, action.carries);
      if (argument === undefined) this.#drop(name, 'not carried', 'a network, not an address');
      else this.#run(name, [...action.argv, argument]);
    }
  }

  #block(name: string, heard: VerifiedMessage): void {
    const form = heard.message === undefined ? 'plain' : 'message';
    const { address } = heard;
    const isEcho = address !== undefined && this.#echoes.isEcho(form, address, this.#deps.now());
    // The message says more: which prefix, and until when. It is carried out even if it comes last.
    if (isEcho && form === 'plain') {
      this.#drop(name, 'echo', 'its message was heard');
      return;
    }
    if (!this.#deps.block({ ...heard, channel: name, isEcho })) {
      this.#drop(name, 'queue full', 'the API has it');
    }
  }

  #run(name: string, argv: [string, ...string[]]): void {
    if (this.#deps.commands.add({ channel: name, argv })) this.#deps.status.accepted(name);
    else this.#drop(name, 'queue full', 'too many commands wait');
  }

  #drop(name: string, why: Dropped, detail: string): void {
    this.#deps.status.dropped(name, why);
    this.#deps.onDropped(name, why, detail);
  }
}
