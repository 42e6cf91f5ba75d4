import { McblockError } from '../../errors.ts';
import { contains } from '../../net/prefix.ts';
import { list, object, optional } from '../../validation/codec.ts';
import { codecsOf } from '../../validation/evidence.ts';
import {
  address,
  expiry,
  oneOf,
  origin,
  prefix,
  printableText,
  time,
  whole,
} from '../../validation/values.ts';
import { type BanMessage, MAX_EVIDENCE, MESSAGE_FIELDS } from './ban.ts';
import type { SigningKey } from './signing-key.ts';

/** The first character of a ban message; acacia's messages never begin with it. */
export const OPENING = '{';
/** Longer messages are refused without parsing them. */
export const MESSAGE_LIMIT_BYTES = 8192;

/** Readers ignore fields that they do not know, so a new field needs no new version. */
const FORMAT = 'mcblock';
const VERSION = 1;
/** A user of the API, or the name of a host. */
const SENDER = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
/** The signature covers everything before it, with a closing brace in its place. */
const SIGNATURE = /,"signature":"([\w-]{1,128})"\}$/;
const MAX_NOTE = 255;

const MESSAGE = object({
  format: oneOf(FORMAT),
  version: whole(1),
  sender: printableText(64),
  channel: optional(printableText(64), ''),
  number: whole(1),
  at: time(),
  prefix: prefix(1),
  address: optional(address(), undefined),
  expiresAt: expiry(),
  origin: origin(),
  evidence: list(object(codecsOf(MESSAGE_FIELDS, 'wire')), MAX_EVIDENCE),
  note: printableText(MAX_NOTE),
});

/** Whether this is a valid name of a sender. */
export function isSender(name: string): boolean {
  return SENDER.test(name);
}

/**
 * The message on one line: JSON with whole prefixes, times in ISO 8601 UTC and `expiresAt` null for
 * forever. With a key, its last field is the signature.
 */
export function messageText({ ban, ...message }: BanMessage, key?: SigningKey): string {
  const body = JSON.stringify(
    MESSAGE.write({ format: FORMAT, version: VERSION, ...message, ...ban }),
  );
  return key === undefined ? body : `${body.slice(0, -1)},"signature":"${key.sign(body)}"}`;
}

/** Separates a message from its signature. */
export function splitSignature(line: string): {
  readonly body: string;
  readonly signature: string | undefined;
} {
  const match = SIGNATURE.exec(line);
  if (match === null) return { body: line, signature: undefined };
  return { body: `${line.slice(0, match.index)}}`, signature: match[1] };
}

/** Parses a message without its signature. Throws McblockError('input'). */
export function parseMessage(body: string): BanMessage {
  const read = MESSAGE.read(parseJson(body), '');
  const { format: _, version: __, sender, channel, number, at, ...ban } = read;
  if (!isSender(sender)) throw new McblockError('input', 'sender is not a name');
  if (ban.address !== undefined && !contains(ban.prefix, ban.address)) {
    throw new McblockError('input', 'address is not in prefix');
  }
  return { sender, channel, number, at, ban };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new McblockError('input', 'not JSON', { cause: error });
  }
}
