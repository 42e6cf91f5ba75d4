import { type Address, addressOf } from './address.ts';
import { MAX_ADDRESS_TEXT_LENGTH, readAddress } from './address-reader.ts';
import { writeAddress6 } from './address-writer.ts';
import { copyAscii } from './ascii.ts';

/**
 * The address that the whole text is, or undefined if it is none. IPv4 is four decimal octets
 * without leading zeros; IPv6 is as in RFC 4291, 2.2, without a zone; IPv4-mapped IPv6 becomes
 * IPv4.
 */
export function parseAddress(text: string): Address | undefined {
  const length = copyAscii(text, TEXT);
  const family = readAddress(TEXT, 0, length, WORDS);
  if (family === 0) return undefined;
  return addressOf(family, WORDS[0] ?? 0, WORDS[1], WORDS[2], WORDS[3]);
}

/** The one way to write the address: IPv4 as four decimal octets, IPv6 as in RFC 5952. */
export function formatAddress(address: Address): string {
  const { family, a, b, c, d } = address;
  // Joining four numbers is several times as quick as making a string of bytes.
  if (family === 4) return `${a >>> 24}.${(a >>> 16) & 0xff}.${(a >>> 8) & 0xff}.${a & 0xff}`;
  return TEXT.toString('latin1', 0, writeAddress6(TEXT, 0, a, b, c, d));
}

/** Room for one address, used again by each call. */
const TEXT = Buffer.alloc(MAX_ADDRESS_TEXT_LENGTH);
const WORDS = new Uint32Array(4);
