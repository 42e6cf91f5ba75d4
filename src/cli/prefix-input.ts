import { TextFile } from '../engine/text-file.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { readPrefixes } from '../net/prefix-reader.ts';
import { readPrefix } from '../net/prefix-text.ts';

/** Room for two million of the longest IPv4 prefixes. */
const MAX_INPUT_BYTES = 40 * 1024 * 1024;

/** The prefixes given to a command, and what is wrong with its other words or lines. */
export interface PrefixInput {
  readonly list: PrefixList;
  /** Of the first bad lines. */
  readonly problems: readonly string[];
  readonly badCount: number;
}

/** The arguments, or the lines of standard input if there are none. Throws McblockError. */
export function readPrefixInput(texts: readonly string[]): PrefixInput {
  if (texts.length > 0) {
    const read = texts.map((text) => readPrefix(text));
    const problems = read.filter((one) => typeof one === 'string');
    const list = PrefixList.from(read.filter((one) => typeof one !== 'string'));
    return { list, problems, badCount: problems.length };
  }
  const { list, bad, badCount } = readPrefixes(new TextFile('-').whole(MAX_INPUT_BYTES));
  const problems = bad.map(({ line, problem }) => `stdin:${line}: ${problem}`);
  return { list, problems, badCount };
}
