import { addressBytes, addressOf } from '../net/address.ts';
import { lastAddress, type Prefix, prefixAround } from '../net/prefix.ts';
import type { Cell } from './connection.ts';

/** What the statement of a page binds first. */
export type PageKey = readonly [family: number, length: number, from: Uint8Array, last: Uint8Array];

/** So many rows of a walk are in memory at once. */
const PAGE_ROWS = 10_000;

/** Every address, IPv4 first. */
export const EVERYTHING: readonly Prefix[] = [
  prefixAround(addressOf(4, 0), 0),
  prefixAround(addressOf(6, 0), 0),
];

/** A statement that reads one page; what `condition` binds comes behind the key. */
export function pageSql(columns: string, condition: string): string {
  return `SELECT ${columns} FROM entry
WHERE family = ? AND length = ? AND network BETWEEN ? AND ? ${condition}
ORDER BY network LIMIT ${PAGE_ROWS}`;
}

/**
 * The rows under a prefix, one page after the other, each found by its key: between two pages no
 * statement is open, so whoever walks may write, and a walk of any length needs the memory of one
 * page.
 * @param lengths those that entries of the family have, rising
 * @param read carries out the statement of {@link pageSql}
 * @param hexOf hex(network) of a row
 */
export function* pages<Item>(
  prefix: Prefix,
  lengths: readonly number[],
  read: (...key: PageKey) => Item[],
  hexOf: (item: Item) => Cell | undefined,
): IterableIterator<{ readonly length: number; readonly items: readonly Item[] }> {
  const last = addressBytes(lastAddress(prefix));
  for (const length of lengths) {
    let from: Uint8Array | undefined = length < prefix.length ? undefined : addressBytes(prefix);
    while (from) {
      const items = read(prefix.family, length, from, last);
      if (items.length > 0) yield { length, items };
      const final = items.length < PAGE_ROWS ? undefined : items.at(-1);
      from = final && bytesBehind(hexOf(final));
    }
  }
}

/** The next bytes in order: the same with a zero at the end. */
function bytesBehind(hex: Cell | undefined): Uint8Array {
  return Buffer.from(`${hex}00`, 'hex');
}
