import { addressBytes, addressOf } from '../net/address.ts';
import { lastAddress, type Prefix, prefixAround } from '../net/prefix.ts';
import type { Cell } from './connection.ts';

/** The first parameters of the statement for a page. */
export type PageKey = readonly [family: number, length: number, from: Uint8Array, last: Uint8Array];

/** The rows of a page. */
const PAGE_ROWS = 10_000;

/** Every address, IPv4 first. */
export const EVERYTHING: readonly Prefix[] = [
  prefixAround(addressOf(4, 0), 0),
  prefixAround(addressOf(6, 0), 0),
];

/** A statement that reads one page; parameters of `condition` follow those of the key. */
export function pageSql(columns: string, condition: string): string {
  return `SELECT ${columns} FROM entry
WHERE family = ? AND length = ? AND network BETWEEN ? AND ? ${condition}
ORDER BY network LIMIT ${PAGE_ROWS}`;
}

/**
 * The rows within a prefix, page by page. No statement is open between pages, so that the caller may
 * write, and only one page is in memory.
 * @param lengths the lengths of the entries of the family, ascending
 * @param read runs the statement of {@link pageSql}
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

/** The next bytes in order: the same followed by a zero. */
function bytesBehind(hex: Cell | undefined): Uint8Array {
  return Buffer.from(`${hex}00`, 'hex');
}
