import { parseAddress } from '../../net/address-text.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import { rangePrefixes } from '../../net/range.ts';
import { isObject } from '../../validation/codec.ts';

/** The content of a feed's text. */
export interface FeedList {
  readonly prefixes: PrefixList;
  /** Lines that are not comments, or JSON items. */
  readonly lines: number;
  /** How many of them name no prefix, and the first one. */
  readonly bad: number;
  readonly firstBad: { readonly number: number; readonly text: string } | undefined;
}

const MAX_SHOWN_CHARACTERS = 80;

/**
 * Reads a published list: each line begins with a prefix, an address or a range
 * (`192.0.2.1-192.0.2.9`, or the first and last address of a prefix), and anything may follow; `#`,
 * `;` and `//` begin comments. In JSON, one object per line or all in arrays, items are strings or
 * objects with a usual name for a prefix.
 */
export function readFeedList(text: string): FeedList {
  const prefixes = new PrefixList();
  let [lines, bad] = [0, 0];
  let firstBad: FeedList['firstBad'];
  for (const { number, content, word } of itemsOf(text)) {
    lines++;
    const found = prefixesOf(word);
    if (found === undefined) {
      bad++;
      firstBad ??= { number, text: content.slice(0, MAX_SHOWN_CHARACTERS) };
    } else for (const prefix of found) prefixes.push(prefix);
  }
  return { prefixes, lines, bad, firstBad };
}

/** A line, or an item of an array. */
interface Item {
  readonly number: number;
  readonly content: string;
  /** The part that should be a prefix. */
  readonly word: string;
}

function* itemsOf(text: string): Generator<Item> {
  const array = jsonArray(text);
  if (array !== undefined) {
    for (const [index, item] of array.entries()) {
      yield { number: index + 1, content: JSON.stringify(item), word: jsonWord(item) };
    }
    return;
  }
  let number = 0;
  for (const line of text.split(/\r?\n/)) {
    number++;
    const isJson = line.trimStart().startsWith('{');
    // In JSON these characters may be part of a text, such as a URL.
    const content = (isJson ? line : line.replace(/(?:#|;|\/\/).*/, '')).trim();
    if (content === '' || isRemark(content)) continue;
    yield { number, content, word: isJson ? jsonWord(parse(content)) : content };
  }
}

/** The items of an array, or of all arrays in an object, as large networks publish their ranges. */
function jsonArray(text: string): readonly unknown[] | undefined {
  const document = /^\s*[[{]/.test(text) ? parse(text) : undefined;
  if (Array.isArray(document)) return document;
  if (!isObject(document) || jsonWord(document) !== '') return undefined;
  const arrays = Object.values(document).filter(Array.isArray);
  return arrays.length === 0 ? undefined : arrays.flat();
}

/** JSON lines that describe the list itself, such as `{"type":"metadata",…}`. */
function isRemark(content: string): boolean {
  return content.startsWith('{"type":"metadata"');
}

function prefixesOf(word: string): readonly Prefix[] | undefined {
  const [, from = '', separator = '', to = ''] =
    /^([\da-f.:]+)(\s*-\s*|\s+)([\da-f.:]+)(?:\s|$)/i.exec(word) ?? [];
  const [first, last] = [from, to].map(parseAddress);
  if (first && last) {
    const range = rangePrefixes(first, last);
    // Without a dash, the second address may be anything: only the ends of one prefix are a range.
    if (separator.includes('-') || range?.length === 1) return range;
  }
  const [name = ''] = word.split(/[\s,|]/, 1);
  try {
    return [parsePrefix(name.replaceAll('"', ''))];
  } catch {
    return undefined;
  }
}

/** Names of the field with the prefix; lists differ in case and in `_`. */
const FIELD = /^(?:cidr|ip|ip_?address|address|network|prefix|ip(?:v[46])?_?prefix)$/i;

/** The prefix in a JSON item; empty if there is none. */
function jsonWord(item: unknown): string {
  if (typeof item === 'string') return item;
  const fields = isObject(item) ? Object.entries(item) : [];
  const [, value = ''] = fields.find(([name]) => FIELD.test(name)) ?? [];
  return typeof value === 'string' ? value : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
