import { outlasts, type Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { type Address, FAMILY_BITS } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { BanMessage } from './ban.ts';
import type { FleetKey } from './fleet-key.ts';
import { MESSAGE_LIMIT_BYTES, OPENING, parseMessage, splitSignature } from './message-text.ts';

/** Why a message is refused. */
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

export interface VerificationRules {
  /** Where there is a key, every message must bear its signature. */
  readonly key: FleetKey | undefined;
  /** Refuse acacia's plain addresses too, which are unsigned. */
  readonly requireSignature: boolean;
  /** The name of this host. */
  readonly self: string;
  /** The shortest prefix lengths that are accepted. */
  readonly widest4: number;
  readonly widest6: number;
  /** Older messages are refused: the API has their bans. */
  readonly maxAgeSeconds: number;
}

export interface VerifiedMessage {
  readonly prefix: Prefix;
  /** The offender; the address itself in a plain message. */
  readonly address: Address | undefined;
  /** Undefined: a plain address or prefix. */
  readonly message: BanMessage | undefined;
  /** Whether it bears the fleet's signature. */
  readonly isSigned: boolean;
}

interface RefusedMessage {
  readonly refused: Refusal;
  readonly detail: string;
  /** The offender of this host's own ban, whose plain form follows. */
  readonly ownAddress: Address | undefined;
}

type Verification = VerifiedMessage | RefusedMessage;

/** The longest plain prefix, an IPv6 one, has 43 characters. */
const PLAIN_LIMIT_BYTES = 64;
/** How far the clocks of hosts may differ. */
const MAX_AHEAD_SECONDS = 60;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Verifies the bytes of a message: an address or prefix in plain text, as acacia publishes it, or a
 * ban in JSON. Pure; whether it came before is for `ReplayFilter` to find out.
 */
export function verifyMessage(
  bytes: Uint8Array,
  rules: VerificationRules,
  now: Seconds,
): Verification {
  const isJson = bytes[0] === OPENING.charCodeAt(0);
  const limit = isJson ? MESSAGE_LIMIT_BYTES : PLAIN_LIMIT_BYTES;
  if (bytes.length > limit) return refuse('too long', `${bytes.length} bytes`);
  try {
    const text = UTF8.decode(bytes);
    return isJson ? verifyJson(text, rules, now) : verifyPlain(text, rules);
  } catch (error) {
    if (error instanceof McblockError) return refuse('malformed', error.message);
    if (error instanceof TypeError) return refuse('malformed', 'not UTF-8');
    throw error;
  }
}

function verifyPlain(text: string, rules: VerificationRules): Verification {
  const prefix = parsePrefix(text);
  if (rules.requireSignature) return refuse('unsigned', 'plain addresses have no signature');
  const wide = tooWide(prefix, rules);
  if (wide !== undefined) return wide;
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  return { prefix, address: isHost ? prefix : undefined, message: undefined, isSigned: false };
}

function verifyJson(text: string, rules: VerificationRules, now: Seconds): Verification {
  const { body, signature } = splitSignature(text);
  // The signature comes first: until then nothing else, not even the sender, is believed.
  const { key, requireSignature } = rules;
  if (signature === undefined && (key !== undefined || requireSignature)) {
    return refuse('unsigned', 'no signature');
  }
  const isSigned = key !== undefined && signature !== undefined;
  if (isSigned && !key.verify(body, signature)) {
    return refuse('forged', 'the signature is not made with the key of the fleet');
  }
  const message = parseMessage(body);
  const { ban, sender, at } = message;
  if (sender === rules.self) return refuse('own', 'sent by this host', ban.address);
  if (at < now - rules.maxAgeSeconds) return refuse('too old', `${now - at} s old`);
  if (at > now + MAX_AHEAD_SECONDS) return refuse('too early', `${at - now} s in the future`);
  if (!outlasts(ban.expiresAt, now)) return refuse('expired', 'the ban is over');
  return (
    tooWide(ban.prefix, rules) ?? { prefix: ban.prefix, address: ban.address, message, isSigned }
  );
}

function tooWide(
  prefix: Prefix,
  { widest4, widest6 }: VerificationRules,
): RefusedMessage | undefined {
  const widest = prefix.family === 4 ? widest4 : widest6;
  if (prefix.length > 0 && prefix.length >= widest) return undefined;
  return refuse('too wide', `/${prefix.length} is wider than /${widest}`);
}

function refuse(refused: Refusal, detail: string, ownAddress?: Address): RefusedMessage {
  return { refused, detail, ownAddress };
}
