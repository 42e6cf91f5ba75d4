import { McblockError } from '../errors.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { subtract } from '../net/subtract.ts';

/**
 * The rules of the firewall: the active prefixes minus the allow-list, as the fewest prefixes that
 * block exactly the same addresses; sorted and disjoint. Throws McblockError('protected') for a /0,
 * which is never emitted.
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
