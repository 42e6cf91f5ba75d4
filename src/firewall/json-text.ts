import type { PrefixList } from '../net/prefix-list.ts';
import { writePrefixes } from '../net/prefix-writer.ts';

const SEPARATOR = ',\n  "';

/** An array of strings, one a line. */
export function* rulesJsonText(rules: PrefixList): Generator<Uint8Array> {
  if (rules.size === 0) {
    yield Buffer.from('[]\n');
    return;
  }
  yield Buffer.from('[');
  let first = true;
  for (const chunk of writePrefixes(rules, { before: SEPARATOR, after: '"' })) {
    // No comma before the first.
    yield first ? chunk.subarray(1) : chunk;
    first = false;
  }
  yield Buffer.from('\n]\n');
}
