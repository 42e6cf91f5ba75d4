import type { PrefixList } from '../net/prefix-list.ts';
import { writePrefixes } from '../net/prefix-writer.ts';

/**
 * FreeBSD refuses a table file with more addresses, and all of pf.conf with it, unless
 * net.pf.request_maxcount is raised (pf(4)).
 */
export const MAX_TABLE_FILE_LINES = 65_535;

/** What to do about it. */
export const TABLE_FILE_ADVICE =
  'raise net.pf.request_maxcount in /boot/loader.conf, or declare the table without a file and run mcblock apply at boot';

/** A table file of pf.conf(5): one prefix a line. */
export function pfTableText(rules: PrefixList): Iterable<Uint8Array> {
  return writePrefixes(rules);
}

/** A table and its block rule, for an anchor of its own (pf.conf(5)). */
export function* pfRulesText(rules: PrefixList, table: string): Generator<Uint8Array> {
  // pf.conf(5) does not allow empty braces.
  if (rules.size === 0) {
    yield Buffer.from(`table <${table}> persist\n`);
  } else {
    yield Buffer.from(`table <${table}> persist {\n`);
    yield* writePrefixes(rules, { before: '\t', after: '\n' });
    yield Buffer.from('}\n');
  }
  yield Buffer.from(`block drop in quick from <${table}> to any\n`);
}
