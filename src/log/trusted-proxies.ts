import type { Reading } from '../../grammar/notation/reading.ts';
import { type Address, addressOf } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { textOf } from './bytes.ts';
import type { Line } from './line.ts';

/** Of a longer list only the end is read: what the proxies wrote is there. */
const MAX_LIST_BYTES = 4096;
/** How servers escape a quote and a backslash in their logs. */
const ESCAPED = /\\(?:["\\]|x22|x5[Cc])/g;
/** An address in a list; a port may follow IPv4, and IPv6 in brackets. */
const NODE = /^(?:\[([\da-fA-F:.]+)\](?::\d{1,5})?|([\d.]+)(?::\d{1,5})?|([\da-fA-F:.]+))$/;
/** What one proxy adds to Forwarded (RFC 7239, 4): pairs of a name and a value. */
const PAIR = /[\w!#$%&'*+.^`|~-]+=(?:"[^"\\]*"|[^"\\;= ]*)/.source;
const PAIRS = new RegExp(`^${PAIR}(?: *; *${PAIR})*$`);
const FOR = /(?:^|; *)for=("[^"]*"|[^";]*)/gi;

/**
 * The proxies whose word about their clients is taken. Where the peer of a line is one, and the line
 * has the list of addresses that it forwarded, the line is about the last of them that is no proxy.
 */
export class TrustedProxies {
  readonly #proxies = new PrefixMap<Prefix>();
  readonly #isEmpty: boolean;

  constructor(prefixes: readonly Prefix[]) {
    for (const prefix of prefixes) this.#proxies.set(prefix, prefix);
    this.#isEmpty = prefixes.length === 0;
  }

  /** To be called for each line with a message; names the client in place of the proxy. */
  pass(line: Line): void {
    line.proxy = undefined;
    const { reading } = line;
    if (this.#isEmpty || reading.forwardedStart < 0 || reading.family === 0) return;
    const proxy = this.#around(peerOf(reading));
    if (proxy === undefined) return;
    const client = this.#clientIn(listOf(line));
    if (client === undefined) return;
    line.proxy = proxy;
    Object.assign(reading, client, { port: -1 });
  }

  #around(address: Address): Prefix | undefined {
    return this.#proxies.longestMatch(address)?.value;
  }

  /** Only what a trusted proxy appended is believed; undefined if that is no address. */
  #clientIn(list: string): Address | undefined {
    const items = list.split(',');
    for (let item = items.pop(); item !== undefined; item = items.pop()) {
      const address = nodeAddress(item);
      if (address === undefined || this.#around(address) === undefined) return address;
    }
    return undefined;
  }
}

function peerOf({ family, a, b, c, d }: Reading): Address {
  return addressOf(family === 4 ? 4 : 6, a, b, c, d);
}

/** The end of the list, as the proxies wrote it; the texts of a JSON array are one list. */
function listOf({ bytes, reading: { forwardedStart, forwardedEnd } }: Line): string {
  const start = Math.max(forwardedStart, forwardedEnd - MAX_LIST_BYTES);
  const text = textOf(bytes, start, forwardedEnd);
  const whole = start > forwardedStart ? text.slice(text.indexOf(',')) : text;
  return whole
    .replaceAll('","', ',')
    .replaceAll(ESCAPED, (escape) => (/["2]/.test(escape) ? '"' : '\\'));
}

/** The address that one item of a list names: `192.0.2.7:80`, `for="[2001:db8::7]:80";proto=https`. */
function nodeAddress(item: string): Address | undefined {
  const text = item.trim();
  let node = text;
  if (text.includes('=')) {
    const [first, ...others] = PAIRS.test(text) ? text.matchAll(FOR) : [];
    if (first?.[1] === undefined || others.length > 0) return undefined;
    node = first[1];
  }
  const [, inBrackets, ipv4, ipv6] = NODE.exec(node.replace(/^"(.*)"$/, '$1')) ?? [];
  const address = inBrackets ?? ipv4 ?? ipv6;
  return address === undefined ? undefined : parseAddress(address);
}
