import { McblockError, reasonOf } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import type { ListReport } from './report.ts';

/** Version 1 of what comes over the wire: the protocol of acacia's clients. */

const MAX_SOURCE_LENGTH = 255;

/**
 * The body of `POST /v1/pf`: a list of `{"IP", "source"}`, or a form of the two. All are right or
 * none is taken. Throws McblockError('input') with the text that the answer has.
 */
export function readListings(body: unknown, most: number): ListReport[] {
  if (body instanceof URLSearchParams) {
    if (body.has('IP') && body.has('source')) return [listingOf(Object.fromEntries(body), 0)];
    throw new McblockError('input', 'Bad Request: key missing');
  }
  const items = itemsOf(body ?? [], most);
  if (items.length > 0) return items.map(listingOf);
  throw new McblockError('input', 'Bad Request: not a form');
}

/** The body of `DELETE /v1/pf`: a list of `{"IP"}`, or a form of it. */
export function readDeletions(body: unknown, most: number): Prefix[] {
  const items = body instanceof URLSearchParams ? [Object.fromEntries(body)] : body;
  return itemsOf(items, most).map((item, index) => {
    if (typeof item === 'object' && item !== null && Object.hasOwn(item, 'IP')) {
      return prefixOf(item, index);
    }
    throw new McblockError('input', 'Bad Request');
  });
}

function itemsOf(body: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(body)) throw new McblockError('input', 'Bad Request');
  if (body.length <= most) return body;
  throw new McblockError('input', `the list has ${body.length} items; send at most ${most}`);
}

function listingOf(item: unknown, index: number): ListReport {
  valueOf(item, 'IP', index);
  const source = valueOf(item, 'source', index);
  const prefix = prefixOf(item, index);
  const isText = typeof source === 'string' && !/[\p{Cc}\p{Surrogate}]/u.test(source);
  if (isText && source.length <= MAX_SOURCE_LENGTH) return { kind: 'list', prefix, source };
  throw new McblockError(
    'input',
    `'source' of item ${index} must be a text of at most ${MAX_SOURCE_LENGTH} printable characters`,
  );
}

function prefixOf(item: unknown, index: number): Prefix {
  const text = valueOf(item, 'IP', index);
  if (typeof text !== 'string')
    throw new McblockError('input', `'IP' of item ${index} must be a text`);
  try {
    const prefix = parsePrefix(text.trim());
    if (prefix.length > 0) return prefix;
  } catch (error) {
    throw new McblockError('input', `'IP' of item ${index}: ${reasonOf(error)}`, { cause: error });
  }
  throw new McblockError('input', `'IP' of item ${index} is every address there is`);
}

function valueOf(item: unknown, name: 'IP' | 'source', index: number): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new McblockError('input', `item ${index} must be an object`);
  }
  if (Object.hasOwn(item, name)) return (item as Readonly<Record<string, unknown>>)[name];
  throw new McblockError('input', `'${name}' key is missing`);
}
