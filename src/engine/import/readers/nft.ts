import { McblockError } from '../../../errors.ts';
import { isObject } from '../../../validation/codec.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import { readJsonFile, stringOf } from './json-file.ts';

/** Reads the output of `nft -j list set FAMILY TABLE SET`. Throws McblockError('input'). */
export function* readNft({ file, now }: ForeignFile): Generator<ForeignBan> {
  const listing = readJsonFile(file);
  const objects = isObject(listing) ? listing['nftables'] : undefined;
  const sets = Array.isArray(objects)
    ? objects.flatMap((object) =>
        isObject(object) && isObject(object['set']) ? [object['set']] : [],
      )
    : [];
  const [set, ...others] = sets;
  if (set === undefined || others.length > 0) {
    throw new McblockError(
      'input',
      `${file.name} holds ${sets.length} sets; use "nft -j list set FAMILY TABLE SET" for each`,
    );
  }
  const { type, elem = [] } = set;
  if ((type !== 'ipv4_addr' && type !== 'ipv6_addr') || !Array.isArray(elem)) {
    throw new McblockError('input', `${file.name}: not a set of addresses`);
  }
  const name = stringOf(set['name']);
  for (const [index, element] of elem.entries()) {
    yield { number: index + 1, ...banOf(element, name, now) };
  }
}

/** An element, which may be wrapped in an object with a timeout, a comment or counters. */
function banOf(element: unknown, name: string, now: number): Omit<ForeignBan, 'number'> {
  const outer = isObject(element) && isObject(element['elem']) ? element['elem'] : { val: element };
  const { val, expires, comment } = outer;
  const reason = typeof comment === 'string' ? `${name} ${comment}` : name;
  const until = typeof expires === 'number' ? now + Math.ceil(expires) : undefined;
  return { text: prefixText(val), until, reason };
}

/** An address in any form as text; anything else is refused later. */
function prefixText(value: unknown): string {
  if (!isObject(value)) return stringOf(value);
  const { prefix, range } = value;
  if (isObject(prefix)) return `${stringOf(prefix['addr'])}/${stringOf(prefix['len'])}`;
  return Array.isArray(range) ? range.map(stringOf).join('-') : stringOf(value);
}
