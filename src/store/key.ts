import { type Address, addressBytes, addressOf, type Family } from '../net/address.ts';
import { type Prefix, prefixAround, wordMask } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import type { Cell } from './connection.ts';
import { damagedRow } from './store-error.ts';

/** A prefix as bound by statements. */
export type Key = readonly [family: number, length: number, network: Uint8Array];

export function keyOf(prefix: Prefix): Key {
  return [prefix.family, prefix.length, addressBytes(prefix)];
}

/**
 * The prefix of a row. The network is hex(network): a text of eight digits is several times as fast
 * as a Buffer. Throws McblockError('store') for a damaged row.
 */
export function prefixOfRow(table: string, family: Cell, length: Cell, hex: Cell): Prefix {
  const address = addressOfHex(hex);
  if (address?.family === family && typeof length === 'number') {
    const prefix = isLength(family, length) ? prefixAround(address, length) : undefined;
    if (prefix && isSame(prefix, address)) return prefix;
  }
  throw damagedRow(table, `${family}/${length}/${hex}`, 'bad prefix');
}

/** The prefix and all that contain it, the widest first. */
export function supernetsOf(prefix: Prefix): Prefix[] {
  return Array.from({ length: prefix.length + 1 }, (_, length) => prefixAround(prefix, length));
}

/** Adds the prefix of a row to a list; see {@link prefixOfRow}. */
export function pushHex(list: PrefixList, family: Family, length: number, hex: Cell): void {
  if (family === 4 && isLength(4, length) && typeof hex === 'string' && hex.length === 8) {
    const network = wordOfHex(hex, 0);
    // The mask is a signed integer, the network an unsigned one.
    if ((network & wordMask(length, 0)) >>> 0 === network)
      return list.runs[4].push(network, 0, 0, 0, length);
  }
  list.push(prefixOfRow('entry', family, length, hex));
}

/** The address of hex(address), 8 or 32 digits; undefined for anything else. */
export function addressOfHex(hex: Cell): Address | undefined {
  if (typeof hex !== 'string') return undefined;
  if (hex.length === 8) return addressOf(4, wordOfHex(hex, 0));
  if (hex.length !== 32) return undefined;
  const [a, b, c, d] = [
    wordOfHex(hex, 0),
    wordOfHex(hex, 8),
    wordOfHex(hex, 16),
    wordOfHex(hex, 24),
  ];
  return addressOf(6, a, b, c, d);
}

function wordOfHex(hex: string, start: number): number {
  return Number.parseInt(hex.slice(start, start + 8), 16);
}

function isLength(family: Cell, length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= (family === 4 ? 32 : 128);
}

function isSame(p: Address, q: Address): boolean {
  return p.a === q.a && p.b === q.b && p.c === q.c && p.d === q.d;
}
