import { errorOf, McblockError } from '../errors.ts';

/** How a value from outside (a peer, a file, another version of mcblock) is checked and read. */
export interface Decoder<T> {
  /** JSON Schema, for the API's document. */
  readonly schema: object;
  /** Whether the field of an object may be missing. */
  readonly isOptional: boolean;
  /** Throws McblockError('input') that names the path, such as `reports[3].address`. */
  read(value: unknown, path: string): T;
}

/** How a value is written as JSON and read again. */
export interface Codec<T> extends Decoder<T> {
  /** A value for JSON.stringify; undefined leaves the field out. */
  write(value: T): unknown;
}

export type ValueOf<C> = C extends Decoder<infer T> ? T : never;
export type Codecs = Readonly<Record<string, Codec<unknown>>>;
export type ValuesOf<C> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

const MAX_SHOWN = 60;

export interface CodecOptions<T> {
  readonly schema: object;
  /** Ends the sentence "PATH must be ...". */
  readonly wanted: string;
  /** Returns undefined for a wrong value, or throws McblockError with the reason. */
  readonly parse: (value: unknown) => T | undefined;
  /** By default the value itself. */
  readonly write?: (value: T) => unknown;
}

/** A codec for one value that is never undefined. */
export function codec<T>({ schema, wanted, parse, write }: CodecOptions<T>): Codec<T> {
  return {
    schema,
    isOptional: false,
    read: (value, path) => {
      try {
        return parse(value) ?? refuse(path, wanted, value);
      } catch (error) {
        if (!(error instanceof McblockError) || error.code === 'input') throw error;
        throw errorOf('input', nameOf(path), error);
      }
    },
    write: write ?? ((value) => value),
  };
}

/** An object. Fields that are not listed are ignored: a newer version may write more. */
export function object<C extends Codecs>(codecs: C): Codec<ValuesOf<C>> {
  const fields = Object.entries(codecs);
  const required = fields.filter(([, { isOptional }]) => !isOptional).map(([name]) => name);
  const properties = Object.fromEntries(fields.map(([name, { schema }]) => [name, schema]));
  return {
    schema: { type: 'object', properties, required },
    isOptional: false,
    read: (value, path) => {
      if (!isObject(value)) return refuse(path, 'an object', value);
      const read = fields.map(([name, field]) => {
        const inner = path === '' ? name : `${path}.${name}`;
        return [name, field.read(Object.hasOwn(value, name) ? value[name] : undefined, inner)];
      });
      return Object.fromEntries(read) as ValuesOf<C>;
    },
    write: (value) => {
      const written = fields.map(([name, field]) => [name, field.write(value[name])]);
      return Object.fromEntries(written.filter(([, field]) => field !== undefined));
    },
  };
}

/** A codec that is made when it is first used: what a short command does not need costs it nothing. */
export function lazy<T>(make: () => Codec<T>): Codec<T> {
  let made: Codec<T> | undefined;
  const inner = () => (made ??= make());
  return {
    get schema() {
      return inner().schema;
    },
    get isOptional() {
      return inner().isOptional;
    },
    read: (value, path) => inner().read(value, path),
    write: (value) => inner().write(value),
  };
}

/** A list of at most this many items. */
export function list<T>(item: Codec<T>, most = Number.MAX_SAFE_INTEGER): Codec<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema, maxItems: most },
    isOptional: false,
    read: (value, path) => {
      if (!Array.isArray(value)) return refuse(path, 'a list', value);
      if (value.length > most) {
        const name = path === '' ? 'the list' : path;
        throw new McblockError(
          'input',
          `${name} has ${value.length} items; at most ${most} are allowed`,
        );
      }
      return value.map((each, index) => item.read(each, `${path}[${index}]`));
    },
    write: (items) => items.slice(0, most).map((each) => item.write(each)),
  };
}

/** An object with names of this form, all with the same kind of value. */
export function mapOf<T>(
  form: RegExp,
  wanted: string,
  item: Codec<T>,
): Codec<ReadonlyMap<string, T>> {
  return {
    schema: { type: 'object', additionalProperties: item.schema },
    isOptional: false,
    read: (value, path) => {
      if (!isObject(value) || !Object.keys(value).every((name) => form.test(name))) {
        return refuse(path, wanted, value);
      }
      return new Map(
        Object.entries(value).map(([name, each]) => [name, item.read(each, `${path}.${name}`)]),
      );
    },
    write: (map) => {
      const written = Array.from(map, ([name, each]) => [name, item.write(each)]);
      return Object.fromEntries(written);
    },
  };
}

/** A field that may be missing. */
export function optional<T, const F>(inner: Codec<T>, fallback: F): Codec<T | F> {
  return {
    schema: inner.schema,
    isOptional: true,
    read: (value, path) => (value === undefined ? fallback : inner.read(value, path)),
    write: (value) => (value === undefined ? undefined : inner.write(value as T)),
  };
}

/** null stands for undefined. */
export function nullable<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    schema: { anyOf: [inner.schema, { type: 'null' }] },
    isOptional: false,
    read: (value, path) => (value === null ? undefined : inner.read(value, path)),
    write: (value) => (value === undefined ? null : inner.write(value)),
  };
}

/** A nullable field that earlier versions do not write. */
export function addedLater<T>(inner: Codec<T | undefined>): Codec<T | undefined> {
  return { ...inner, isOptional: true, read: (value, path) => inner.read(value ?? null, path) };
}

/** Refuses a value of which `faultOf` returns a fault, such as "end is before start". */
export function checked<T>(inner: Codec<T>, faultOf: (value: T) => string | undefined): Codec<T> {
  return {
    ...inner,
    read: (value, path) => {
      const read = inner.read(value, path);
      const fault = faultOf(read);
      if (fault === undefined) return read;
      throw new McblockError('input', path === '' ? fault : `${path}: ${fault}`);
    },
  };
}

/** Throws McblockError('input'). @param wanted ends the sentence "PATH must be ..." */
export function refuse(path: string, wanted: string, value: unknown): never {
  if (value === undefined) throw new McblockError('input', `${nameOf(path)} is missing`);
  throw new McblockError('input', `${nameOf(path)} must be ${wanted}, not ${shown(value)}`);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(path: string): string {
  return path === '' ? 'the body' : path;
}

/** A list or an object may be nested deeper than the stack. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
