import type { Expiry, Seconds } from '../blocklist/entry.ts';
import { McblockError, reasonOf } from '../errors.ts';
import type { Address } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';

/** The last second that a Date can be: 13 September 275760. */
const LAST_SECOND = 8_640_000_000_000;
const TIME = /^(?:\d{4}|\+\d{6})-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** No control character, and no half of a character: neither would come back as it went in. */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u;

/** One kind of JSON value: how it is read, and its JSON Schema for the document. */
export interface Field<T> {
  readonly schema: object;
  readonly isOptional: boolean;
  /** Throws McblockError('input') that names the path, such as `reports[3].address`. */
  readonly read: (value: unknown, path: string) => T;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** An object with these fields and no others. */
export function object<F extends Fields>(
  fields: F,
): Field<{ readonly [K in keyof F]: ValueOf<F[K]> }> {
  const names = Object.keys(fields);
  const required = names.filter((name) => !fields[name]?.isOptional);
  const properties = Object.fromEntries(names.map((name) => [name, fields[name]?.schema]));
  return field(
    { type: 'object', properties, required, additionalProperties: false },
    (value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return refuse(path, 'an object', value);
      }
      const given = value as Readonly<Record<string, unknown>>;
      for (const name of Object.keys(given)) {
        if (Object.hasOwn(fields, name)) continue;
        throw new McblockError('input', `${path} has a field ${show(name)}, which there is not`);
      }
      const read = names.map((name) => {
        const inner = path === '' ? name : `${path}.${name}`;
        return [
          name,
          fields[name]?.read(Object.hasOwn(given, name) ? given[name] : undefined, inner),
        ];
      });
      return Object.fromEntries(read) as { readonly [K in keyof F]: ValueOf<F[K]> };
    },
  );
}

/** A list of at most so many. */
export function list<T>(item: Field<T>, most: number): Field<readonly T[]> {
  return field({ type: 'array', items: item.schema, maxItems: most }, (value, path) => {
    if (!Array.isArray(value)) return refuse(path, 'a list', value);
    if (value.length > most) {
      const where = path === '' ? 'the list' : path;
      throw new McblockError('input', `${where} has ${value.length} items; send at most ${most}`);
    }
    return value.map((each, index) => item.read(each, `${path}[${index}]`));
  });
}

/** What may be left out. */
export function optional<T, const F>(inner: Field<T>, fallback: F): Field<T | F> {
  return {
    schema: inner.schema,
    isOptional: true,
    read: (value, path) => (value === undefined ? fallback : inner.read(value, path)),
  };
}

export function text(most: number): Field<string> {
  return field({ type: 'string', maxLength: most }, (value, path) => {
    if (typeof value !== 'string' || value.length > most || UNPRINTABLE.test(value)) {
      return refuse(path, `a text of at most ${most} printable characters`, value);
    }
    return value;
  });
}

export function key(): Field<string> {
  const form = /^[A-Za-z0-9._:-]{8,64}$/;
  return field({ type: 'string', pattern: form.source }, (value, path) =>
    typeof value === 'string' && form.test(value)
      ? value
      : refuse(path, '8 to 64 letters, digits, dots, colons, - and _', value),
  );
}

export function oneOf<const T extends string>(...values: readonly T[]): Field<T> {
  return field({ enum: values }, (value, path) => {
    const found = values.find((each) => each === value);
    return found ?? refuse(path, `one of ${values.join(', ')}`, value);
  });
}

export function whole(least: number, most: number): Field<number> {
  return field({ type: 'integer', minimum: least, maximum: most }, (value, path) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : refuse(path, `a whole number from ${least} to ${most}`, value),
  );
}

export function flag(): Field<boolean> {
  return field({ type: 'boolean' }, (value, path) =>
    typeof value === 'boolean' ? value : refuse(path, 'true or false', value),
  );
}

export function time(): Field<Seconds> {
  return field({ type: 'string', format: 'date-time' }, readTime);
}

/** null is for ever. */
export function expiry(): Field<Expiry> {
  return field({ type: ['string', 'null'], format: 'date-time' }, (value, path) =>
    value === null ? 'forever' : readTime(value, path),
  );
}

export function address(): Field<Address> {
  return field({ type: 'string', description: 'an IPv4 or IPv6 address' }, (value, path) => {
    const read = typeof value === 'string' ? parseAddress(value) : undefined;
    return read ?? refuse(path, 'an address', value);
  });
}

/** Never a /0. */
export function prefix(): Field<Prefix> {
  const description = 'a prefix such as 192.0.2.0/24, or an address';
  return field({ type: 'string', description }, (value, path) => {
    if (typeof value !== 'string') return refuse(path, 'a prefix', value);
    const read = readPrefix(value, path);
    return read.length === 0 ? refuse(path, 'less than every address there is', value) : read;
  });
}

function field<T>(schema: object, read: Field<T>['read']): Field<T> {
  return { schema, isOptional: false, read };
}

function readTime(value: unknown, path: string): Seconds {
  const at = typeof value === 'string' && TIME.test(value) ? Date.parse(value) / 1000 : Number.NaN;
  // Written again it must be the same: the 31st of February is no day.
  const isTime = at >= 0 && at <= LAST_SECOND && timeText(at) === value;
  return isTime ? at : refuse(path, 'a time such as 2026-03-19T23:48:18Z', value);
}

function readPrefix(value: string, path: string): Prefix {
  try {
    return parsePrefix(value);
  } catch (error) {
    throw new McblockError('input', `${path} is no prefix: ${reasonOf(error)}`, { cause: error });
  }
}

/** ISO 8601, UTC, to the second. */
export function timeText(at: Seconds): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}

function refuse(path: string, wanted: string, value: unknown): never {
  const name = path === '' ? 'the body' : path;
  if (value === undefined) throw new McblockError('input', `${name} is missing`);
  throw new McblockError('input', `${name} must be ${wanted}, not ${show(value)}`);
}

function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? 'nothing';
  return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown;
}
