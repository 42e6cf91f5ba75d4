import { McblockError } from '../../errors.ts';
import type { Address } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';

/** The arguments of a command, all of them, before anything is done with the first. */
export function parsePrefixes(texts: readonly string[]): Prefix[] {
  return texts.map((text) => parsePrefix(text));
}

/** One address; a prefix or a name is an error that says so. */
export function parseAddressArgument(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new McblockError(
      'usage',
      `"${text}" is no IPv4 or IPv6 address; names are never resolved`,
    );
  }
  return address;
}

/** Addresses as the prefixes that hold each alone. */
export function parseAddressArguments(texts: readonly string[]): Prefix[] {
  return texts.map((text) => hostPrefix(parseAddressArgument(text)));
}
