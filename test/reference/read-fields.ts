import { isIPv4, isIPv6 } from 'node:net';

/** The address that a text begins with, as long as it goes on, in one canonical spelling. */
export function readAddress(text: string): { length: number; address: string } | undefined {
  const dotted = matched(/^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/, text);
  if (isIPv4(dotted) && endsThere(text, dotted)) {
    return { length: dotted.length, address: dotted };
  }
  const run = withoutFullStop(matched(/^[0-9A-Fa-f.:]*/, text), text);
  if (!endsThere(text, run)) return undefined;
  for (const candidate of [run, run.replace(/:$/, '')]) {
    if (!isIPv6(candidate)) continue;
    const after = text.slice(run.length);
    const zone =
      candidate === run ? withoutFullStop(matched(/^%[0-9A-Za-z._-]*/, after), after) : '';
    if (zone === '%' || zone.length > 16) return undefined;
    return { length: candidate.length + zone.length, address: canonical(candidate) };
  }
  return undefined;
}

/** The address and port that a text begins with; the port is always there. */
export function readEndpoint(
  text: string,
): { length: number; address: string; port: number } | undefined {
  const longest = matched(/^[0-9A-Fa-f.:]*(%[0-9A-Za-z._-]*(:[0-9]+)?)?/, text);
  const run = longest.endsWith(':') ? longest.slice(0, -1) : withoutFullStop(longest, text);
  for (const written of [
    /^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+):([0-9]+)/.exec(text),
    /^\[([0-9A-Fa-f.:]+(?:%[0-9A-Za-z._-]*)?)\]:([0-9]+)/.exec(text),
    /^(.*:.*:.*):([0-9]+)$/.exec(run),
  ]) {
    if (!written) continue;
    const [whole, host = '', port = ''] = written;
    const found = readAddress(host);
    if (!found || found.length !== host.length || !endsThere(text, whole)) continue;
    if (!isPort(port)) continue;
    return { length: whole.length, address: found.address, port: Number(port) };
  }
  return undefined;
}

/** The same with a dot before the port, and no zone. */
export function readDottedEndpoint(
  text: string,
): { length: number; address: string; port: number } | undefined {
  const run = withoutFullStop(matched(/^[0-9A-Fa-f.:]*/, text), text);
  const [whole = '', host = '', port = ''] =
    /^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\.([0-9]+)/.exec(text) ??
    /^(.*:.*)\.([0-9]+)/.exec(run) ??
    [];
  const found = readAddress(host);
  if (!found || found.length !== host.length || !endsThere(text, whole) || !isPort(port)) {
    return undefined;
  }
  return { length: whole.length, address: found.address, port: Number(port) };
}

/** How long the names can be that stand in the place of an address. */
export function nameLengths(text: string): number[] {
  const name = matched(/^[0-9A-Za-z._%\x80-\xff-]*/, text);
  if (/^[._%-]$/.test(name) || name.length > 255) return [];
  return text[name.length] === ':' ? [name.length, name.length + 1] : [name.length];
}

/** The length of the name that a text begins with and a full stop follows, which may be empty. */
export function lengthBeforeFullStop(text: string): number | undefined {
  const name = matched(/^[0-9A-Za-z._%\x80-\xff-]*/, text);
  return name.endsWith('.') && name.length <= 255 ? name.length - 1 : undefined;
}

/** The same where a port follows the name, which may be in brackets. */
export function nameAndPortLengths(text: string): number[] {
  const found =
    /^\[([0-9A-Za-z._%\x80-\xff-]*)\]:([0-9]+)/.exec(text) ??
    /^([0-9A-Za-z._%\x80-\xff-]*):([0-9]+)/.exec(text);
  const [whole = '', name = '', port = ''] = found ?? [];
  return nameLengths(name).length > 0 && isPort(port) ? [whole.length] : [];
}

/** The length of the port that a text begins with. */
export function portLength(text: string): number | undefined {
  const digits = matched(/^[0-9]*/, text);
  return isPort(digits) ? digits.length : undefined;
}

/** The length of the number that a text begins with. */
export function intLength(text: string): number | undefined {
  const digits = matched(/^[0-9]*/, text);
  return /^.{1,20}$/.test(digits) ? digits.length : undefined;
}

/** The length of all at the beginning of a text that is no space. */
export function wordLength(text: string): number {
  return matched(/^[^ ]*/, text).length;
}

/** The length of a quoted text up to the quote that ends it. */
export function quotedLength(text: string): number | undefined {
  return /^(?:[^"\\]|\\[^])*(?=")/.exec(text)?.[0].length;
}

/** The length up to the quote that ends the last text of a JSON array. */
export function arrayLength(text: string): number | undefined {
  return /^(?:[^"\\]|\\[^]|",")*(?="\])/.exec(text)?.[0].length;
}

/** The length of all at the beginning of a text that is neither a space nor a quote. */
export function bareLength(text: string): number | undefined {
  return /^[^ "]+/.exec(text)?.[0].length;
}

function isPort(digits: string): boolean {
  return String(Number(digits)) === digits && Number(digits) <= 65535;
}

function endsThere(text: string, found: string): boolean {
  return !/^([0-9A-Za-z_-]|\.[0-9A-Za-z._%\x80-\xff-])/.test(text.slice(found.length));
}

/** The beginning of a text without the full stop that ends it: no byte of a name follows that. */
function withoutFullStop(beginning: string, text: string): string {
  const isInside = /^[0-9A-Za-z._%\x80-\xff-]/.test(text.slice(beginning.length));
  return isInside ? beginning : beginning.replace(/\.$/, '');
}

function matched(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[0] ?? '';
}

/** As a browser writes it (RFC 5952), or as IPv4 where it is IPv4-mapped. */
function canonical(ipv6: string): string {
  const short = new URL(`http://[${ipv6}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (!mapped) return short;
  const words = [mapped[1]!, mapped[2]!].map((group) => Number.parseInt(group, 16));
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}
