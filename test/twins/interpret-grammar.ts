import { isIPv4, isIPv6 } from 'node:net';
import { AMBIGUOUS, NO_MATCH } from '../../grammar/notation/scanner.ts';
import type { Expression, Field, Grammar } from '../../grammar/notation/tree.ts';

/** What a line is, as a scanner would say it. */
export interface Interpreted {
  /** The name of the message, NO_MATCH or AMBIGUOUS. */
  readonly message: string | typeof NO_MATCH | typeof AMBIGUOUS;
  /** In one canonical spelling, '' where there is none; so is the user. */
  readonly address: string;
  readonly user: string | undefined;
}

interface Found {
  readonly end: number;
  /** NOBODY where a name stands in the place of an address. */
  readonly address: string;
  readonly user: string | undefined;
}

const NOBODY = 'nobody';

/**
 * Tries every way of deriving the line (one character a byte, fewer than 900, from where on a line
 * may have been cut) and looks at all of them.
 */
export function interpretGrammar(grammar: Grammar, line: string): Interpreted {
  const rules = new Map(grammar.rules.map(({ name, body }) => [name, body]));
  let first: Interpreted | undefined;
  const addresses = new Set<string>();
  for (const { name, body } of grammar.messages) {
    for (const found of readings(body, { end: 0, address: '', user: undefined })) {
      if (found.end !== line.length) continue;
      addresses.add(found.address);
      if (found.address === NOBODY) continue;
      first ??= { message: name, address: found.address, user: found.user };
    }
  }
  // No address is named by either.
  if (addresses.has('')) addresses.delete(NOBODY);
  if (addresses.size > 1) return { message: AMBIGUOUS, address: '', user: undefined };
  return first ?? { message: NO_MATCH, address: '', user: undefined };

  function* readings(expression: Expression, from: Found): Generator<Found> {
    switch (expression.type) {
      case 'literal': {
        const text = String.fromCharCode(...expression.bytes);
        if (line.startsWith(text, from.end)) yield { ...from, end: from.end + text.length };
        return;
      }
      case 'name':
        yield* readings(rules.get(expression.name)!, from);
        return;
      case 'choice':
        for (const branch of expression.branches) yield* readings(branch, from);
        return;
      case 'optional':
        yield* readings(expression.body, from);
        yield from;
        return;
      case 'sequence':
        yield* inOrder(expression.items, from);
        return;
      case 'field':
        yield* fieldReadings(expression.field, line, from);
    }
  }

  function* inOrder(items: readonly Expression[], from: Found): Generator<Found> {
    const [item, ...rest] = items;
    if (!item) yield from;
    else for (const found of readings(item, from)) yield* inOrder(rest, found);
  }
}

function* fieldReadings(field: Field, line: string, from: Found): Generator<Found> {
  const start = from.end;
  switch (field) {
    case 'USER':
      for (let end = line.length; end >= start; end--) {
        yield { ...from, end, user: line.slice(start, end) };
      }
      return;
    case 'TEXT':
      for (let end = line.length; end >= start; end--) yield { ...from, end };
      return;
    case 'WORD':
      for (let end = start + matched(/^[^ ]*/, line, start).length; end > start; end--) {
        yield { ...from, end };
      }
      return;
    case 'INT': {
      const digits = matched(/^[0-9]*/, line, start);
      if (/^.{1,20}$/.test(digits)) yield { ...from, end: start + digits.length };
      return;
    }
    case 'PORT': {
      const digits = matched(/^[0-9]*/, line, start);
      if (digits !== '' && String(Number(digits)) === digits && Number(digits) <= 65535) {
        yield { ...from, end: start + digits.length };
      }
      return;
    }
    case 'ADDRESS':
    case 'ENDPOINT': {
      const read = field === 'ADDRESS' ? readAddress : readEndpoint;
      const found = read(line.slice(start));
      if (found) yield { ...from, end: start + found.length, address: found.address };
      else for (const end of nameEnds(field, line, start)) yield { ...from, end, address: NOBODY };
    }
  }
}

/** Where a name can end that stands in the place of an address. */
function nameEnds(field: 'ADDRESS' | 'ENDPOINT', line: string, start: number): number[] {
  const text = line.slice(start);
  const name = matched(/^[0-9A-Za-z._%\x80-\xff-]*/, text, 0);
  if (/^[._%-]$/.test(name)) return [];
  if (field === 'ADDRESS') {
    if (name.length > 255) return [];
    const ends = text[name.length] === ':' ? [name.length, name.length + 1] : [name.length];
    return ends.map((length) => start + length);
  }
  const found =
    /^\[(?![._%-]\])[0-9A-Za-z._%\x80-\xff-]{0,255}\]:([0-9]+)/.exec(text) ??
    (name.length <= 255 ? /^[0-9A-Za-z._%\x80-\xff-]*:([0-9]+)/.exec(text) : null);
  const port = found?.[1] ?? '';
  return found && String(Number(port)) === port && Number(port) <= 65535
    ? [start + found[0].length]
    : [];
}

/** The address that a text begins with, as long as it goes on, in one canonical spelling. */
export function readAddress(text: string): { length: number; address: string } | undefined {
  const dotted = matched(/^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/, text, 0);
  if (isIPv4(dotted) && endsThere(text, dotted)) {
    return { length: dotted.length, address: dotted };
  }
  const run = matched(/^[0-9A-Fa-f.:]*/, text, 0);
  if (!endsThere(text, run)) return undefined;
  for (const candidate of [run, run.replace(/:$/, '')]) {
    if (!isIPv6(candidate)) continue;
    const zone = candidate === run ? matched(/^%[0-9A-Za-z._-]*/, text, run.length) : '';
    if (zone === '%' || zone.length > 16) return undefined;
    return { length: candidate.length + zone.length, address: canonical(candidate) };
  }
  return undefined;
}

/** The address and port that a text begins with; the port is always there. */
export function readEndpoint(text: string): { length: number; address: string } | undefined {
  const run = matched(/^[0-9A-Fa-f.:]*(%[0-9A-Za-z._-]*(:[0-9]+)?)?/, text, 0).replace(/:$/, '');
  for (const [pattern, lowestPort] of [
    [/^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+):([0-9]+)/, 0],
    [/^\[([0-9A-Fa-f.:]+(?:%[0-9A-Za-z._-]*)?)\]:([0-9]+)/, 0],
    [/^(.*:.*:.*):([0-9]+)$/, 1],
  ] as const) {
    const written = pattern.exec(lowestPort === 0 ? text : run);
    if (!written) continue;
    const [whole, host = '', port = ''] = written;
    const found = readAddress(host);
    if (!found || found.length !== host.length || !endsThere(text, whole)) continue;
    if (String(Number(port)) !== port || Number(port) < lowestPort || Number(port) > 65535)
      continue;
    return { length: whole.length, address: found.address };
  }
  return undefined;
}

function endsThere(text: string, found: string): boolean {
  return !/^[0-9A-Za-z._-]/.test(text.slice(found.length));
}

function matched(pattern: RegExp, text: string, start: number): string {
  return pattern.exec(text.slice(start))?.[0] ?? '';
}

/** As a browser writes it (RFC 5952), or as IPv4 where it is IPv4-mapped. */
function canonical(ipv6: string): string {
  const short = new URL(`http://[${ipv6}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (!mapped) return short;
  const words = [mapped[1]!, mapped[2]!].map((group) => Number.parseInt(group, 16));
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}
