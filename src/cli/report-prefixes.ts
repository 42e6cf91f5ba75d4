import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../net/prefix-text.ts';
import type { Context } from './context.ts';

/** Says on stdout what was done with each prefix. @param texts one for each of them */
export function reportPrefixes(
  context: Context,
  prefixes: readonly Prefix[],
  texts: readonly string[],
): void {
  if (context.options.json) {
    context.json(prefixes.map((prefix) => ({ prefix: formatPrefix(prefix) })));
  } else {
    context.lines(prefixes.map((prefix, index) => `${shortPrefix(prefix)} ${texts[index]}`));
  }
}
