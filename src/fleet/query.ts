import { McblockError } from '../errors.ts';
import type { Decoder, ValueOf } from '../validation/codec.ts';

type Parameters = Readonly<Record<string, Decoder<unknown>>>;

/** The parameters of a query. Others are ignored. */
export function query<P extends Parameters>(
  parameters: P,
): Decoder<{ readonly [K in keyof P]: ValueOf<P[K]> }> {
  const all = Object.entries(parameters);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(all.map(([name, { schema }]) => [name, schema])),
    },
    isOptional: true,
    read: (value) => {
      const given = value as Readonly<Record<string, unknown>>;
      const read = all.map(([name, parameter]) => [name, parameter.read(given[name], name)]);
      return Object.fromEntries(read) as { readonly [K in keyof P]: ValueOf<P[K]> };
    },
  };
}

export function textParameter(description: string): Decoder<string | undefined> {
  return {
    schema: { type: 'string', description },
    isOptional: true,
    read: (value) => (typeof value === 'string' ? value : undefined),
  };
}

export function wholeParameter(
  description: string,
  fallback: number,
  minimum: number,
  maximum: number,
): Decoder<number> {
  return {
    schema: { type: 'integer', minimum, maximum, default: fallback, description },
    isOptional: true,
    read: (value, path) => {
      if (value === undefined) return fallback;
      const number =
        typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= minimum && number <= maximum) return number;
      throw new McblockError('input', `${path} must be an integer from ${minimum} to ${maximum}`);
    },
  };
}
