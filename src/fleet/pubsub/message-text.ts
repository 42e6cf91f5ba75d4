import { ORIGINS } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { formatAddress } from '../../net/address-text.ts';
import { contains } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import {
  address,
  expiry,
  list,
  object,
  oneOf,
  optional,
  prefix,
  text,
  time,
  timeText,
  whole,
} from '../fields.ts';
import { MAX_EVIDENCE, type Message } from './ban.ts';
import type { FleetKey } from './fleet-key.ts';

/** What our messages begin with; acacia's never do. */
export const OPENING = '{';
/** In bytes; a longer one is refused unread. */
export const MESSAGE_LIMIT_BYTES = 8192;

const FORMAT = 'mcblock/1';
const SENDER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The signature is of all that stands before it, and a closing brace in its place. */
const SIGNATURE = /,"signature":"([\w-]{1,128})"\}$/;
const WORD_CHARACTERS = 64;
const NOTE_CHARACTERS = 255;

const EVIDENCE = object({
  service: text(WORD_CHARACTERS),
  message: text(WORD_CHARACTERS),
  count: whole(1, 1_000_000),
});

const MESSAGE = object({
  format: oneOf(FORMAT),
  sender: text(WORD_CHARACTERS),
  number: whole(1, Number.MAX_SAFE_INTEGER),
  at: time(),
  prefix: prefix(),
  address: optional(address(), undefined),
  expiresAt: expiry(),
  origin: oneOf(...ORIGINS),
  evidence: list(EVIDENCE, MAX_EVIDENCE),
  note: text(NOTE_CHARACTERS),
});

/** A name that hosts may go by in messages. */
export function isSender(name: string): boolean {
  return SENDER.test(name);
}

/**
 * The message on one line: JSON with prefixes whole, times ISO 8601 UTC, `expiresAt` null for ever,
 * and last its signature, where there is a key.
 */
export function messageText({ ban, sender, number, at }: Message, key?: FleetKey): string {
  const body = JSON.stringify({
    format: FORMAT,
    sender,
    number,
    at: timeText(at),
    prefix: formatPrefix(ban.prefix),
    address: ban.address === undefined ? undefined : formatAddress(ban.address),
    expiresAt: ban.expiresAt === 'forever' ? null : timeText(ban.expiresAt),
    origin: ban.origin,
    evidence: ban.evidence.slice(0, MAX_EVIDENCE).map(({ service, message, count }) => ({
      service: short(service, WORD_CHARACTERS),
      message: short(message, WORD_CHARACTERS),
      count: Math.min(count, 1_000_000),
    })),
    note: short(ban.note, NOTE_CHARACTERS),
  });
  return key === undefined ? body : `${body.slice(0, -1)},"signature":"${key.sign(body)}"}`;
}

/** The text of a message without its signature, and the signature if it has one. */
export function splitSignature(line: string): {
  readonly body: string;
  readonly signature: string | undefined;
} {
  const match = SIGNATURE.exec(line);
  if (match === null) return { body: line, signature: undefined };
  return { body: `${line.slice(0, match.index)}}`, signature: match[1] };
}

/** Reads a message without its signature. Throws McblockError('input') that says what is wrong. */
export function parseMessage(body: string): Message {
  const { sender, number, at, ...read } = MESSAGE.read(parseJson(body), '');
  if (!isSender(sender)) throw new McblockError('input', 'sender is no name of a host');
  if (read.address !== undefined && !contains(read.prefix, read.address)) {
    throw new McblockError('input', 'address does not lie in prefix');
  }
  const { format: _, ...ban } = read;
  return { sender, number, at, ban };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new McblockError('input', 'it is no JSON', { cause: error });
  }
}

/** What the reader takes: no control characters, no halves of characters, and no more than so many. */
function short(words: string, most: number): string {
  const start = words.replace(/[\p{Cc}\p{Surrogate}]/gu, '?').slice(0, most);
  return start.replace(/[\ud800-\udbff]$/, '');
}
