import { McblockError } from '../../errors.ts';
import type { Address } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';

/** Parses all arguments before anything is done with the first. */
export function parsePrefixes(texts: readonly string[]): Prefix[] {
  return texts.map((text) => parsePrefix(text));
}

/** Parses one address. Throws McblockError('usage') for anything else. */
function parseAddressArgument(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new McblockError(
      'usage',
      `"${text}" is not an IPv4 or IPv6 address; names are not resolved`,
    );
  }
  return address;
}

/** Parses addresses as host prefixes. */
export function parseAddressArguments(texts: readonly string[]): Prefix[] {
  return texts.map((text) => hostPrefix(parseAddressArgument(text)));
}
