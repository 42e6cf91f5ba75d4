import { formatPrefix } from '../../net/prefix-text.ts';
import { addressText } from './ban.ts';
import type { VerifiedMessage } from './verify-message.ts';

const MAX_WORD_BYTES = 256;
/** Holds whatever the configured pattern allows: no space, no control character, no option. */
const SAFE_WORD = /^(?!-)[\x21-\x7e]+$/;

/**
 * The argument of a command for a ban, formatted from its numbers. Undefined if the channel carries
 * addresses and the ban is of a network without an offender.
 */
export function banArgument(
  message: VerifiedMessage,
  kind: 'address' | 'prefix',
): string | undefined {
  return kind === 'prefix' ? formatPrefix(message.prefix) : addressText(message);
}

/**
 * The whole message as a word, if it matches the pattern and is printable ASCII without spaces or a
 * leading dash.
 */
export function wordArgument(bytes: Uint8Array, pattern: RegExp): string | undefined {
  if (bytes.length > MAX_WORD_BYTES) return undefined;
  const word = Buffer.from(bytes).toString('latin1');
  return SAFE_WORD.test(word) && pattern.test(word) ? word : undefined;
}

/** A pattern that has to match the whole word. Throws SyntaxError if it is invalid. */
export function wordPattern(source: string): RegExp {
  // Compiled alone first: `a)|(b` would escape the group around it.
  return new RegExp(`^(?:${new RegExp(source, 'u').source})$`, 'u');
}
