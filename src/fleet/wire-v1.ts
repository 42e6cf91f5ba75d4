import { errorOf, McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import type { Decoder } from '../validation/codec.ts';
import type { ListOrder } from './listing.ts';
import { query } from './query.ts';
import type { ExpireReport, ListReport } from './report.ts';

/** The wire format of version 1: acacia's. Errors have acacia's texts where it has one. */

const MAX_SOURCE_LENGTH = 255;
const IP = { type: 'string', description: 'an address or a prefix' };
const SOURCE = { type: 'string', description: 'why' };

/** `GET /v1/pf?order=ip` */
export function orderQuery(): Decoder<{ readonly order: ListOrder }> {
  return query({
    order: {
      schema: {
        type: 'string',
        description: '`ip`: IPv4 first, by address; by default in order of insertion',
      },
      isOptional: true,
      read: (value): ListOrder => {
        // Of a parameter that is repeated, the first counts, as in acacia.
        const [word] = [value].flat();
        if (word === undefined || word === '') return 'insertion';
        if (typeof word === 'string' && word.toLowerCase() === 'ip') return 'ip';
        throw new McblockError('input', 'Bad Request');
      },
    },
  });
}

/** `POST /v1/pf`: a list of `{"IP", "source"}`, or a form with one. */
export function listingsDecoder(): Decoder<readonly ListReport[]> {
  return {
    schema: listSchema({ IP, source: SOURCE }),
    isOptional: false,
    read: readListings,
  };
}

/** `DELETE /v1/pf`: a list of `{"IP"}`, or a form with one. */
export function deletionsDecoder(): Decoder<readonly ExpireReport[]> {
  return {
    schema: listSchema({ IP }),
    isOptional: false,
    read: readDeletions,
  };
}

function readListings(body: unknown): ListReport[] {
  if (body instanceof URLSearchParams) {
    if (body.has('IP') && body.has('source')) return [listingOf(fieldsOf(body), 0)];
    throw new McblockError('input', 'Bad Request: key missing');
  }
  const items = itemsOf(body ?? []);
  if (items.length > 0) return items.map(listingOf);
  throw new McblockError('input', 'Bad Request: not a form');
}

function readDeletions(body: unknown): ExpireReport[] {
  const items = body instanceof URLSearchParams ? [fieldsOf(body)] : body;
  return itemsOf(items).map((item, index) => {
    if (typeof item === 'object' && item !== null && Object.hasOwn(item, 'IP')) {
      return { kind: 'expire', key: undefined, prefix: prefixOf(item, index) };
    }
    throw new McblockError('input', 'Bad Request');
  });
}

/** Of a field that is repeated, the first counts, as in acacia. */
function fieldsOf(form: URLSearchParams): object {
  return Object.fromEntries([...form].toReversed());
}

function listSchema(properties: Readonly<Record<string, object>>): object {
  const items = { type: 'object', properties, required: Object.keys(properties) };
  return { type: 'array', items };
}

/** Bounded by the size of the request only, as acacia's is. */
function itemsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  throw new McblockError('input', 'Bad Request');
}

function listingOf(item: unknown, index: number): ListReport {
  valueOf(item, 'IP', index);
  const source = valueOf(item, 'source', index) ?? '';
  const prefix = prefixOf(item, index);
  if (typeof source === 'string' || typeof source === 'number') {
    return { kind: 'list', prefix, source: printableOf(String(source)) };
  }
  throw new McblockError('input', `'source' of item ${index} must be text`);
}

/** acacia takes any text. */
function printableOf(text: string): string {
  return text.slice(0, MAX_SOURCE_LENGTH).replace(/[\p{Cc}\p{Surrogate}]/gu, '?');
}

function prefixOf(item: unknown, index: number): Prefix {
  const text = valueOf(item, 'IP', index);
  if (typeof text !== 'string') {
    throw new McblockError('input', `'IP' of item ${index} must be a string`);
  }
  try {
    return parsePrefix(hostOf(text.trim()));
  } catch (error) {
    throw errorOf('input', `'IP' of item ${index}`, error);
  }
}

/** PostgreSQL, and so acacia, reads `11.1` as 11.1.0.0. */
function hostOf(text: string): string {
  const octets = text.split('.');
  const isShort = octets.length < 4 && /^[\d.]+$/.test(text);
  return isShort ? [...octets, '0', '0', '0'].slice(0, 4).join('.') : text;
}

function valueOf(item: unknown, name: 'IP' | 'source', index: number): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new McblockError('input', `item ${index} must be an object`);
  }
  if (Object.hasOwn(item, name)) return (item as Readonly<Record<string, unknown>>)[name];
  throw new McblockError('input', `'${name}' key is missing`);
}
