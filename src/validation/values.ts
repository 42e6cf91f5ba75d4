import { type Expiry, isOrigin, ORIGINS, type Origin, type Seconds } from '../blocklist/entry.ts';
import type { Address } from '../net/address.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import { type Codec, codec } from './codec.ts';
import { dayText, expiryText, parseDayText, parseTimeText, timeText } from './time-text.ts';

/** Neither control characters nor lone surrogates survive every reader. */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u;
const SURROGATE = /\p{Surrogate}/u;

/** Any text; what is not well-formed Unicode would not come back as it was written. */
export function text(): Codec<string> {
  return codec({
    schema: { type: 'string' },
    wanted: 'a text',
    parse: (value) => (typeof value === 'string' && !SURROGATE.test(value) ? value : undefined),
  });
}

/** Printable text of at most this many characters. A longer one is cut when it is written. */
export function printableText(most: number): Codec<string> {
  const isRight = (value: unknown): value is string =>
    typeof value === 'string' && value.length <= most && !UNPRINTABLE.test(value);
  return codec({
    schema: { type: 'string', maxLength: most },
    wanted: `a text of at most ${most} printable characters`,
    parse: (value) => (isRight(value) ? value : undefined),
    write: (value) => value.slice(0, most).replace(new RegExp(UNPRINTABLE, 'gu'), '?'),
  });
}

/** Text of this form. @param wanted ends the sentence "PATH must be ..." */
export function matching(form: RegExp, wanted: string): Codec<string> {
  return codec({
    schema: { type: 'string', pattern: form.source },
    wanted,
    parse: (value) => (typeof value === 'string' && form.test(value) ? value : undefined),
  });
}

export function oneOf<const T extends string>(...values: readonly T[]): Codec<T> {
  return codec({
    schema: { enum: values },
    wanted: `one of ${values.join(', ')}`,
    parse: (value) => values.find((each) => each === value),
  });
}

export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Codec<number> {
  const isOpen = most === Number.MAX_SAFE_INTEGER;
  return codec({
    schema: { type: 'integer', minimum: least, maximum: most },
    wanted: `a whole number from ${least}${isOpen ? '' : ` to ${most}`}`,
    parse: (value) =>
      Number.isInteger(value) && Number(value) >= least && Number(value) <= most
        ? Number(value)
        : undefined,
    write: (value) => Math.min(value, most),
  });
}

export function boolean(): Codec<boolean> {
  return codec({
    schema: { type: 'boolean' },
    wanted: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  });
}

export function time(): Codec<Seconds> {
  return codec({
    schema: { type: 'string', format: 'date-time' },
    wanted: 'a time such as 2026-03-19T23:48:18Z',
    parse: parseTimeText,
    write: timeText,
  });
}

/** null is for ever. */
export function expiry(): Codec<Expiry> {
  return codec<Expiry>({
    schema: { type: ['string', 'null'], format: 'date-time' },
    wanted: 'a time such as 2026-03-19T23:48:18Z, or null',
    parse: (value) => (value === null ? 'forever' : parseTimeText(value)),
    write: expiryText,
  });
}

/** Days since 1970. */
export function day(): Codec<number> {
  return codec({
    schema: { type: 'string', format: 'date' },
    wanted: 'a day such as 2026-03-19',
    parse: parseDayText,
    write: dayText,
  });
}

export function origin(): Codec<Origin> {
  return codec({
    schema: { enum: ORIGINS },
    wanted: `an origin (${ORIGINS.join(', ')})`,
    parse: (value) => (isOrigin(value) ? value : undefined),
  });
}

export function address(): Codec<Address> {
  return codec({
    schema: { type: 'string', description: 'an IPv4 or IPv6 address' },
    wanted: 'an address',
    parse: (value) => (typeof value === 'string' ? parseAddress(value) : undefined),
    write: formatAddress,
  });
}

/** @param shortest the least prefix length; 1 refuses a /0 */
export function prefix(shortest: 0 | 1 = 0): Codec<Prefix> {
  return codec({
    schema: { type: 'string', description: 'a prefix such as 192.0.2.0/24, or an address' },
    wanted: shortest === 0 ? 'a prefix' : 'a prefix, and not a /0',
    parse: (value) => {
      const read = typeof value === 'string' ? parsePrefix(value) : undefined;
      return read !== undefined && read.length >= shortest ? read : undefined;
    },
    write: formatPrefix,
  });
}

/** SHA-256 in hexadecimal. */
export function digest(): Codec<Uint8Array> {
  return codec<Uint8Array>({
    schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    wanted: '64 hexadecimal digits',
    parse: (value) =>
      typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
        ? Buffer.from(value, 'hex')
        : undefined,
    write: (bytes) => Buffer.from(bytes).toString('hex'),
  });
}
