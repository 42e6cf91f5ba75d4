import { outlasts, type Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { type Address, FAMILY_BITS } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { Message } from './ban.ts';
import type { FleetKey } from './fleet-key.ts';
import { MESSAGE_LIMIT_BYTES, OPENING, parseMessage, splitSignature } from './message-text.ts';

/** Why a message has no effect. */
export type Refusal =
  | 'too long'
  | 'malformed'
  | 'unsigned'
  | 'forged'
  | 'own'
  | 'too old'
  | 'too early'
  | 'expired'
  | 'too wide'
  | 'replayed';

/** What is listened to. */
export interface VerificationRules {
  /** With a key, messages of ours must bear its signature. */
  readonly key: FleetKey | undefined;
  /** Refuse acacia's plain addresses too, which bear none. */
  readonly requireSignature: boolean;
  /** The name of this host. */
  readonly self: string;
  /** The shortest lengths of what may be blocked. */
  readonly widest4: number;
  readonly widest6: number;
  /** Older messages are refused: what they tell was fetched from the API. */
  readonly maxAgeSeconds: number;
}

/** A message that was understood. */
export interface VerifiedMessage {
  readonly prefix: Prefix;
  /** Who offended: the address itself where a plain one was sent. */
  readonly address: Address | undefined;
  /** Undefined: a plain address or prefix. */
  readonly message: Message | undefined;
  /** Whether it bears the signature of the fleet; what is not signed is believed less. */
  readonly isSigned: boolean;
}

/** A message that has no effect. */
interface Refused {
  readonly refused: Refusal;
  readonly why: string;
  /** Whom this host told of itself, so that the plain address that follows is known as well. */
  readonly ownAddress: Address | undefined;
}

export type Verification = VerifiedMessage | Refused;

/** The longest plain prefix is an IPv6 one of 43 characters; more is none. */
const PLAIN_LIMIT_BYTES = 64;
/** Clocks of hosts differ; more is no difference of clocks. */
const AHEAD_SECONDS = 60;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What the bytes of one message say: an address or prefix in plain text, as acacia sends them, or a
 * message of ours. Pure. Whether it was heard before is for `Seen` to tell.
 */
export function hear(bytes: Uint8Array, rules: VerificationRules, now: Seconds): Verification {
  const isOurs = bytes[0] === OPENING.charCodeAt(0);
  const limit = isOurs ? MESSAGE_LIMIT_BYTES : PLAIN_LIMIT_BYTES;
  if (bytes.length > limit) return refuse('too long', `it has ${bytes.length} bytes`);
  try {
    const text = UTF8.decode(bytes);
    return isOurs ? hearMessage(text, rules, now) : hearPlain(text, rules);
  } catch (error) {
    if (error instanceof McblockError) return refuse('malformed', error.message);
    if (error instanceof TypeError) return refuse('malformed', 'it is no UTF-8');
    throw error;
  }
}

function hearPlain(text: string, rules: VerificationRules): Verification {
  const prefix = parsePrefix(text);
  if (rules.requireSignature) return refuse('unsigned', 'plain addresses bear no signature');
  const wide = tooWide(prefix, rules);
  if (wide !== undefined) return wide;
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  return { prefix, address: isHost ? prefix : undefined, message: undefined, isSigned: false };
}

function hearMessage(text: string, rules: VerificationRules, now: Seconds): Verification {
  const { body, signature } = splitSignature(text);
  // Before anything of it is believed, its name and number least of all.
  const { key, requireSignature } = rules;
  if (signature === undefined && (key !== undefined || requireSignature)) {
    return refuse('unsigned', 'it bears no signature');
  }
  const isSigned = key !== undefined && signature !== undefined;
  if (isSigned && !key.verify(body, signature)) {
    return refuse('forged', 'its signature is not that of the fleet');
  }
  const message = parseMessage(body);
  const { ban, sender, at } = message;
  if (sender === rules.self) return refuse('own', 'this host sent it', ban.address);
  if (at < now - rules.maxAgeSeconds) return refuse('too old', `${now - at} s`);
  if (at > now + AHEAD_SECONDS) return refuse('too early', `${at - now} s ahead of this clock`);
  if (!outlasts(ban.expiresAt, now)) return refuse('expired', 'the block is over');
  return (
    tooWide(ban.prefix, rules) ?? { prefix: ban.prefix, address: ban.address, message, isSigned }
  );
}

function tooWide(
  prefix: Prefix,
  { widest4, widest6 }: VerificationRules,
): Verification | undefined {
  const widest = prefix.family === 4 ? widest4 : widest6;
  if (prefix.length > 0 && prefix.length >= widest) return undefined;
  return refuse('too wide', `/${prefix.length} is wider than /${widest}`);
}

function refuse(refused: Refusal, why: string, ownAddress?: Address): Refused {
  return { refused, why, ownAddress };
}
