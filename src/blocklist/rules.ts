import { McblockError } from '../errors.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { subtract } from '../net/subtract.ts';

/**
 * What the firewall holds: the prefixes of the active entries less the allow-list, as the fewest
 * prefixes that block exactly the same addresses; sorted, disjoint. Throws McblockError (protected)
 * where that would be every address of a family: a /0 never leaves the program.
 */
export function rulesOf(active: PrefixList, allowed: PrefixList): PrefixList {
  const rules = subtract(active, allowed);
  refuseAll(4, rules.size4, rules.lengths4);
  refuseAll(6, rules.size6, rules.lengths6);
  return rules;
}

function refuseAll(family: 4 | 6, size: number, lengths: Uint8Array): void {
  if (size === 0 || lengths[0] !== 0) return;
  throw new McblockError(
    'protected',
    `the active entries together block every IPv${family} address, which is never done; ` +
      'expire the widest of them (mcblock show lists them), or allow what must stay open',
  );
}
