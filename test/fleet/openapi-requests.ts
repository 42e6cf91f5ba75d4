import * as fc from 'fast-check';

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { schema: Schema } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface ArbitraryRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly payload: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const DEPTH = 20_000;
const ODD = fc.constantFrom(
  '',
  '\0',
  '\ud800',
  '\u202e',
  '__proto__',
  '%',
  '../..',
  "'; --",
  'x'.repeat(5000),
  '192.0.2.1/33',
  '0.0.0.0/0',
  '::ffff:192.0.2.7',
);
const TEXT = fc.oneof(ODD, fc.string({ unit: 'binary' }), fc.string());
const PREFIX = fc.oneof(
  fc.constantFrom('192.0.2.0', '192.0.2.0/24', '2001:db8::', '2001:db8::/48', '10.0.0.0/8'),
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.integer({ min: -1, max: 33 })).map((parts) => parts.join('/')),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 })).map((parts) => parts.join('/')),
);
const NUMBER = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 2 ** 53, 1e308));
const ANY = fc.oneof(fc.jsonValue({ maxDepth: 4 }), TEXT, NUMBER);

const TYPES = fc.constantFrom(
  'application/json',
  'application/vnd.acacia+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'x',
  '',
);

/** Requests of every operation of the document: valid, nearly valid and wild ones. */
export function arbitraryRequests({ paths }: OpenApi): readonly {
  readonly name: string;
  readonly requests: fc.Arbitrary<ArbitraryRequest>;
}[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method} ${path}`,
      requests: requestsOf(path, method, operation),
    })),
  );
}

function requestsOf(path: string, method: string, operation: Operation) {
  const { parameters = [], requestBody } = operation;
  const valueOf = ({ schema }: Parameter) => fc.oneof(valuesOf(schema), TEXT, NUMBER).map(String);
  const valuesIn = (place: Parameter['in'], requiredKeys?: []) => {
    const named = parameters.filter((parameter) => parameter.in === place);
    const fields = Object.fromEntries(named.map((each) => [each.name, valueOf(each)]));
    return fc.record(fields, requiredKeys === undefined ? {} : { requiredKeys });
  };
  const json = requestBody?.content['application/json'].schema;
  return fc
    .record({
      params: valuesIn('path'),
      query: fc.oneof(valuesIn('query', []), fc.dictionary(fc.string(), TEXT, { maxKeys: 3 })),
      payload: fc.oneof(
        {
          weight: 6,
          arbitrary: json === undefined ? fc.constant(undefined) : valuesOf(json).map(jsonOf),
        },
        { weight: 2, arbitrary: ANY.map(jsonOf) },
        { weight: 1, arbitrary: TEXT },
        { weight: 1, arbitrary: fc.constantFrom(undefined, nested('['), nested('{"a":')) },
      ),
      type: fc.oneof(
        { weight: 6, arbitrary: fc.constant('application/json') },
        { weight: 2, arbitrary: TYPES },
      ),
      etag: fc.oneof(
        { weight: 3, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom('*', '"x"', 'W/') },
      ),
    })
    .map(({ params, query, payload, type, etag }): ArbitraryRequest => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name] ?? ''));
      const search = Object.entries(query).map(
        ([name, value]) => `${encoded(name)}=${encoded(value ?? '')}`,
      );
      return {
        method: method.toUpperCase() as ArbitraryRequest['method'],
        url: search.length === 0 ? filled : `${filled}?${search.join('&')}`,
        payload,
        headers: { ...(payload !== undefined && { 'content-type': type }), 'if-none-match': etag },
      };
    });
}

/** Mostly what the schema allows. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: validOf(schema) }, { weight: 1, arbitrary: ANY });
}

function validOf(schema: Schema): fc.Arbitrary<unknown> {
  const { type, items, properties, required = [], additionalProperties } = schema;
  const choices = schema.anyOf ?? schema.oneOf;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (choices !== undefined) return fc.oneof(...choices.map(valuesOf));
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => validOf({ ...schema, type: one })));
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(([name, each]) => [name, valuesOf(each)]);
    return fc.record<Record<string, unknown>, string>(Object.fromEntries(fields), {
      requiredKeys: [...required],
    });
  }
  if (additionalProperties !== undefined)
    return fc.dictionary(TEXT, valuesOf(additionalProperties));
  if (items !== undefined) return fc.array(valuesOf(items), { maxLength: 5 });
  if (type === 'integer' || type === 'number') {
    return fc.integer({
      min: schema.minimum ?? -9,
      max: Math.min(schema.maximum ?? 9, 2 ** 53 - 1),
    });
  }
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'string') return textOf(schema);
  return ANY;
}

function textOf({ pattern, format, description = '' }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  if (format !== undefined) {
    const date = fc.date({
      noInvalidDate: true,
      min: new Date('2000-01-01'),
      max: new Date('2100-01-01'),
    });
    return date.map((time) => time.toISOString().slice(0, format === 'date' ? 10 : undefined));
  }
  return /address|prefix/.test(description) ? PREFIX : TEXT;
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function nested(open: string): string {
  return open.repeat(DEPTH) + (open === '[' ? ']' : '}').repeat(DEPTH);
}

/** encodeURIComponent throws on half a surrogate. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(/%25/g, '%');
}
