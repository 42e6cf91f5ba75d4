import { NAT64_LENGTHS } from '../../net/embedded.ts';
import { overlaps, type Prefix } from '../../net/prefix.ts';
import { type Codec, checked, codec, list } from '../../validation/codec.ts';
import { matching, prefix } from '../../validation/values.ts';
import { parseDuration, shortDuration } from '../text/duration.ts';

export const SERVICE = matching(/^[\w-]{1,64}$/, 'the name of a service such as "sshd"');

export function timezone(): Codec<string> {
  return codec({
    schema: { type: 'string' },
    wanted: 'an IANA time zone such as "Europe/Berlin", or "local"',
    parse: (value) => (value === 'local' || isTimeZone(value) ? String(value) : undefined),
  });
}

function isTimeZone(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** A part of the IPv4 addresses, as their number. */
export function partOfIpv4(): Codec<number> {
  return codec({
    schema: { type: 'string' },
    wanted: 'a share of the IPv4 addresses in quotes, such as "1/1024"',
    parse: (value) => {
      const match = typeof value === 'string' ? /^1\/([1-9]\d{0,9})$/.exec(value) : null;
      return match ? 2 ** 32 / Number(match[1]) : undefined;
    },
    write: (value) => `1/${2 ** 32 / value}`,
  });
}

const MAX_NAT64 = 16;
const MAX_PROXIES = 1024;
const WIDEST_PROXIES = { 4: 8, 6: 19 } as const;

/** A duration in seconds. */
export function duration(): Codec<number> {
  return codec({
    schema: { type: 'string' },
    wanted: 'a duration in quotes, such as "30m", "12h", "90d", "2w" or "1y"',
    parse: (value) => {
      try {
        return typeof value === 'string' ? parseDuration(value, '') : undefined;
      } catch {
        return undefined;
      }
    },
    write: shortDuration,
  });
}

const UNIT_BYTES = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** A size in bytes. */
export function size(): Codec<number> {
  return codec({
    schema: { type: 'string' },
    wanted: 'a size in quotes, such as "512M" or "4G"',
    parse: (value) => {
      const match = typeof value === 'string' ? /^([1-9]\d{0,8})([KMGT])$/.exec(value) : null;
      if (!match) return undefined;
      return Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES];
    },
    write: (value) => {
      const unit = value % UNIT_BYTES.G === 0 ? 'G' : value % UNIT_BYTES.M === 0 ? 'M' : 'K';
      return `${value / UNIT_BYTES[unit]}${unit}`;
    },
  });
}

/** The prefixes of NAT64 translators (RFC 6052, 2.2). */
export function nat64Prefixes(): Codec<readonly Prefix[]> {
  const one = checked(prefix(), ({ family, length }) =>
    family === 6 && NAT64_LENGTHS.includes(length)
      ? undefined
      : 'must be an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits',
  );
  return checked(list(one, MAX_NAT64), (all) =>
    all.some((p, index) => all.slice(0, index).some((q) => overlaps(p, q)))
      ? 'must be prefixes that do not overlap'
      : undefined,
  );
}

/** The prefixes of proxies. A wide one would spare half of the Internet. */
export function proxyPrefixes(): Codec<readonly Prefix[]> {
  const one = checked(prefix(), ({ family, length }) =>
    length >= WIDEST_PROXIES[family]
      ? undefined
      : 'must be a prefix no wider than /8, or /19 for IPv6',
  );
  return list(one, MAX_PROXIES);
}

/** An absolute path or nothing. @param what the file, as in "the key, PEM" */
export function file(what: string): Codec<string> {
  return matching(/^(?:\/\P{Cc}+)?$/u, `the absolute path of ${what}`);
}

/** A program by its full path, and its arguments; no shell runs it. Empty means none. */
export function command(example: string): Codec<readonly string[]> {
  const wanted = `a list that begins with the absolute path of a program, such as ${example}`;
  return checked(list(matching(/^[^\0]*$/, wanted)), ([program = '/']) =>
    program.startsWith('/') ? undefined : `must be ${wanted}`,
  );
}
