import { FAMILY_BITS } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { VerifiedMessage } from './verify.ts';

const WORD_LIMIT_BYTES = 256;
/** Whatever the pattern of the configuration says: no space, no control, no option. */
const PLAIN_WORD = /^(?!-)[\x21-\x7e]+$/;

/**
 * The argument that a ban becomes for a command, written anew from its numbers; undefined where
 * the channel carries addresses and this is a network.
 */
export function banArgument({ prefix, address }: VerifiedMessage, kind: 'address' | 'prefix') {
  if (kind === 'prefix') return formatPrefix(prefix);
  if (address !== undefined) return formatAddress(address);
  return prefix.length === FAMILY_BITS[prefix.family] ? formatAddress(prefix) : undefined;
}

/**
 * The word that the message is as a whole, if it is one of the pattern: printable ASCII without
 * spaces, with no dash at its beginning.
 */
export function wordArgument(bytes: Uint8Array, pattern: RegExp): string | undefined {
  if (bytes.length > WORD_LIMIT_BYTES) return undefined;
  const word = Buffer.from(bytes).toString('latin1');
  return PLAIN_WORD.test(word) && pattern.test(word) ? word : undefined;
}

/** A pattern that must be the whole word. Throws SyntaxError where it is none. */
export function wordPattern(source: string): RegExp {
  // By itself first: what closes a bracket that is ours would be let through otherwise.
  return new RegExp(`^(?:${new RegExp(source, 'u').source})$`, 'u');
}
