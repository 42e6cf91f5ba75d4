import type { PrefixList } from '../net/prefix-list.ts';
import { birdText, type Community, exabgpText, openbgpdText } from './bgp-text.ts';
import { rulesJsonText } from './json-text.ts';
import { nftText } from './nft-text.ts';
import { pfRulesText, pfTableText } from './pf-text.ts';

const ROUTE_WRITERS = { bird: birdText, openbgpd: openbgpdText, exabgp: exabgpText } as const;

const WRITERS = {
  pf: pfTableText,
  'pf-rules': pfRulesText,
  nft: nftText,
  plain: pfTableText,
  json: rulesJsonText,
  ...ROUTE_WRITERS,
} as const;

/** Output formats of rules. */
export type RuleFormat = keyof typeof WRITERS;

export const FORMATS = Object.keys(WRITERS) as RuleFormat[];

/** Those for routers, which write communities. */
export const ROUTE_FORMATS: readonly RuleFormat[] = Object.keys(ROUTE_WRITERS) as RuleFormat[];

/**
 * The text of the rules, in chunks.
 * @param table the name of the pf or nftables table, or of the set of routes
 * @param communities those of the routes
 */
export function formatRules(
  rules: PrefixList,
  format: RuleFormat,
  table: string,
  communities: readonly Community[],
): Iterable<Uint8Array> {
  return WRITERS[format](rules, table, communities);
}
