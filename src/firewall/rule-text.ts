import type { PrefixList } from '../net/prefix-list.ts';
import { rulesJsonText } from './json-text.ts';
import { nftText } from './nft-text.ts';
import { pfRulesText, pfTableText } from './pf-text.ts';

const WRITERS = {
  pf: pfTableText,
  'pf-rules': pfRulesText,
  nft: nftText,
  plain: pfTableText,
  json: rulesJsonText,
} as const;

/** Output formats of rules. */
export type RuleFormat = keyof typeof WRITERS;

export const FORMATS = Object.keys(WRITERS) as RuleFormat[];

/** The text of the rules, in chunks. `table` is the name of the pf or nftables table. */
export function formatRules(
  rules: PrefixList,
  format: RuleFormat,
  table: string,
): Iterable<Uint8Array> {
  return WRITERS[format](rules, table);
}
