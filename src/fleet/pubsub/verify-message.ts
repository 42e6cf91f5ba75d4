import { outlasts, type Seconds } from '../../blocklist/entry.ts';
import { automaticPrefix, type Policy } from '../../blocklist/policy.ts';
import { McblockError } from '../../errors.ts';
import { type Address, FAMILY_BITS } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import { isWiderThan, widestLengthOf } from '../../net/wide.ts';
import type { BanMessage } from './ban.ts';
import type { Channel } from './channel.ts';
import type { Keyring } from './keyring.ts';
import { MESSAGE_LIMIT_BYTES, OPENING, parseMessage, splitSignature } from './message-text.ts';

/** Why a message is refused. */
export type Refusal =
  | 'too long'
  | 'malformed'
  | 'unsigned'
  | 'unknown sender'
  | 'forged'
  | 'another channel'
  | 'own'
  | 'too old'
  | 'too early'
  | 'expired'
  | 'too wide'
  | 'replayed';

export interface VerificationRules {
  /** Every message must be signed by its sender; undefined: none is verified. */
  readonly keys: Keyring | undefined;
  /** The name of this machine. */
  readonly self: string;
  /** The shortest prefix lengths that are accepted. Of a wider one the automatic prefix is blocked. */
  readonly widest4: number;
  readonly widest6: number;
  readonly auto: Policy['auto'];
  /** Older messages are refused: the API has their bans. */
  readonly maxAgeSeconds: number;
}

export interface VerifiedMessage {
  readonly prefix: Prefix;
  /** The offender; the address itself in a plain message. */
  readonly address: Address | undefined;
  /** Undefined: a plain address or prefix. */
  readonly message: BanMessage | undefined;
  /** Whether its sender has signed it. */
  readonly isSigned: boolean;
}

export interface RefusedMessage {
  readonly refused: Refusal;
  readonly detail: string;
  /** The offender of this machine's own ban, whose plain form follows; or of a plain address. */
  readonly address: Address | undefined;
}

type Verification = VerifiedMessage | RefusedMessage;

/** The longest plain prefix, an IPv6 one, has 43 characters. */
const PLAIN_LIMIT_BYTES = 64;
/** How far the clocks of hosts may differ. */
const MAX_AHEAD_SECONDS = 60;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Verifies the bytes of a message: an address or prefix in plain text, as acacia publishes it, or a
 * ban in JSON. Pure; the store tells whether it came before.
 */
export function verifyMessage(
  bytes: Uint8Array,
  channel: Pick<Channel, 'name' | 'isPlain'>,
  rules: VerificationRules,
  now: Seconds,
): Verification {
  const isJson = bytes[0] === OPENING.charCodeAt(0);
  const limit = isJson ? MESSAGE_LIMIT_BYTES : PLAIN_LIMIT_BYTES;
  if (bytes.length > limit) return refuse('too long', `${bytes.length} bytes`);
  try {
    const text = UTF8.decode(bytes);
    return isJson
      ? verifyJson(text, channel.name, rules, now)
      : verifyPlain(text, channel.isPlain, rules);
  } catch (error) {
    if (error instanceof McblockError) return refuse('malformed', error.message);
    if (error instanceof TypeError) return refuse('malformed', 'not UTF-8');
    throw error;
  }
}

function verifyPlain(text: string, isPlain: boolean, rules: VerificationRules): Verification {
  const prefix = parsePrefix(text);
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  const address = isHost ? prefix : undefined;
  if (rules.keys !== undefined) {
    if (!isPlain) return refuse('unsigned', 'plain text on a channel that is not plain', address);
    if (!isHost) return refuse('too wide', `/${prefix.length} in plain text, which is for hosts`);
  }
  return tooWide(prefix, rules) ?? { prefix, address, message: undefined, isSigned: false };
}

function verifyJson(
  text: string,
  channel: string,
  rules: VerificationRules,
  now: Seconds,
): Verification {
  const { body, signature } = splitSignature(text);
  const message = parseMessage(body);
  const { ban, sender, at } = message;
  // Until the signature is verified, no other field is believed.
  const faked = signatureFault(rules.keys, sender, body, signature);
  if (faked !== undefined) return faked;
  const isSigned = rules.keys !== undefined;
  if (isSigned && message.channel !== channel) {
    return refuse('another channel', `published on ${message.channel}`);
  }
  if (sender === rules.self) return refuse('own', 'sent by this machine', ban.address);
  if (at < now - rules.maxAgeSeconds) return refuse('too old', `${now - at} s old`);
  if (at > now + MAX_AHEAD_SECONDS) return refuse('too early', `${at - now} s in the future`);
  if (!outlasts(ban.expiresAt, now)) return refuse('expired', 'the ban has expired');
  const { address } = ban;
  const isCut = address !== undefined && isWiderThan(ban.prefix, rules);
  const prefix = isCut ? automaticPrefix(address, rules) : ban.prefix;
  return tooWide(prefix, rules) ?? { prefix, address, message, isSigned };
}

function signatureFault(
  keys: Keyring | undefined,
  sender: string,
  body: string,
  signature: string | undefined,
): RefusedMessage | undefined {
  if (keys === undefined) return undefined;
  if (signature === undefined) return refuse('unsigned', 'no signature');
  if (!keys.has(sender)) return refuse('unknown sender', `no key of ${sender}`);
  if (keys.verify(sender, body, signature)) return undefined;
  return refuse('forged', `not signed with the key of ${sender}`);
}

function tooWide(prefix: Prefix, rules: VerificationRules): RefusedMessage | undefined {
  if (!isWiderThan(prefix, rules)) return undefined;
  const widest = widestLengthOf(prefix.family, rules);
  return refuse('too wide', `/${prefix.length} is wider than /${widest}`);
}

function refuse(refused: Refusal, detail: string, address?: Address): RefusedMessage {
  return { refused, detail, address };
}
