import { TextFile } from '../engine/text-file.ts';
import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { parsePrefixes } from './text/prefixes.ts';

/** Room for two million of the longest IPv4 prefixes. */
const MAX_INPUT_BYTES = 40 * 1024 * 1024;

/** The arguments, or the lines of standard input if there are none. Throws McblockError. */
export function readPrefixInput(texts: readonly string[]): PrefixList {
  if (texts.length > 0) return PrefixList.from(parsePrefixes(texts));
  const file = new TextFile('-');
  const { list, bad, badCount } = readPrefixes(file.whole(MAX_INPUT_BYTES));
  const [first] = bad;
  if (first === undefined) return list;
  const more = badCount > 1 ? ` (and ${badCount - 1} more bad lines)` : '';
  throw new McblockError('input', `stdin:${first.line}: ${first.problem}${more}`);
}
