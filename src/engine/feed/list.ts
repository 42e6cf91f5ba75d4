import { type Address, compareAddresses, FAMILY_BITS } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import { lastAddress, type Prefix, prefixAround } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { parsePrefix } from '../../net/prefix-text.ts';

/** The content of a feed's text. */
export interface FeedList {
  readonly prefixes: PrefixList;
  /** Lines other than comments. */
  readonly lines: number;
  /** Lines that name no prefix, and the first of them. */
  readonly bad: number;
  readonly firstBad: { readonly number: number; readonly text: string } | undefined;
}

const MAX_SHOWN_CHARACTERS = 80;

/**
 * Reads a published list: each line begins with a prefix, an address or a range
 * (`192.0.2.1-192.0.2.9`), and anything may follow; `#`, `;` and `//` begin comments. In lines of
 * JSON the field is `cidr` or `ip`.
 */
export function readFeedList(text: string): FeedList {
  const prefixes = new PrefixList();
  let [lines, bad, number] = [0, 0, 0];
  let firstBad: FeedList['firstBad'];
  for (const line of text.split(/\r?\n/)) {
    number++;
    const content = line.replace(/(?:#|;|\/\/).*/, '').trim();
    if (content === '' || isRemark(content)) continue;
    lines++;
    const found = prefixesOf(content);
    if (found === undefined) {
      bad++;
      firstBad ??= { number, text: content.slice(0, MAX_SHOWN_CHARACTERS) };
    } else for (const prefix of found) prefixes.push(prefix);
  }
  return { prefixes, lines, bad, firstBad };
}

/** JSON lines that describe the list itself, such as `{"type":"metadata",…}`. */
function isRemark(content: string): boolean {
  return content.startsWith('{"type":"metadata"');
}

function prefixesOf(content: string): readonly Prefix[] | undefined {
  const word = content.startsWith('{') ? jsonWord(content) : content;
  const range = /^([\da-f.:]+)\s*[-\t ]\s*([\da-f.:]+)(?:\s|$)/i.exec(word);
  if (range) {
    const [first, last] = [range[1], range[2]].map((text) => parseAddress(text ?? ''));
    // Two addresses side by side are a range if the second is not lower.
    if (first && last) return rangePrefixes(first, last);
  }
  const [name = ''] = word.split(/[\s,|]/, 1);
  try {
    return [parsePrefix(name.replaceAll('"', ''))];
  } catch {
    return undefined;
  }
}

function jsonWord(content: string): string {
  try {
    const row: unknown = JSON.parse(content);
    if (typeof row !== 'object' || row === null) return '';
    if ('cidr' in row) return String(row.cidr);
    return 'ip' in row ? String(row.ip) : '';
  } catch {
    return '';
  }
}

/** The fewest prefixes that hold exactly the addresses from the first to the last. */
export function rangePrefixes(first: Address, last: Address): readonly Prefix[] | undefined {
  if (first.family !== last.family || compareAddresses(first, last) > 0) return undefined;
  const prefixes: Prefix[] = [];
  const bits = FAMILY_BITS[first.family];
  for (let start: Address | undefined = first; start !== undefined; ) {
    let length: number = bits;
    // Find the widest prefix that begins here and does not pass the end.
    while (length > 0) {
      const wider = prefixAround(start, length - 1);
      if (compareAddresses(wider, start) !== 0) break;
      if (compareAddresses(lastAddress(wider), last) > 0) break;
      length--;
    }
    const prefix = prefixAround(start, length);
    prefixes.push(prefix);
    const end = lastAddress(prefix);
    start = compareAddresses(end, last) === 0 ? undefined : next(end);
  }
  return prefixes;
}

/** The next address. This one must not be the last of its family. */
function next({ family, a, b, c, d }: Address): Address {
  if (family === 4) return { family, a: a + 1, b, c, d };
  const words = [a, b, c, d];
  for (let index = 3; index >= 0; index--) {
    words[index] = ((words[index] ?? 0) + 1) >>> 0;
    if (words[index] !== 0) break;
  }
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return { family, a: w0, b: w1, c: w2, d: w3 };
}
