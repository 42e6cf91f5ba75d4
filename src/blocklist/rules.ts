import { McblockError } from '../errors.ts';
import type { NetworkRun } from '../net/network-run.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { subtract } from '../net/subtract.ts';
import { isTooWide } from '../net/wide.ts';
import { wideBogons } from './bogons.ts';
import { REASONS_BY_HAND } from './protect.ts';
import type { Protection } from './request.ts';

/**
 * The rules of the firewall: the active prefixes minus the holes, as the fewest prefixes that block
 * exactly the same addresses; sorted and disjoint. The allow-list and this host are holes in
 * everything, the other protections in what is not active by hand. Throws McblockError('protected')
 * for a /0, which is never emitted.
 * @param byHand those of the active prefixes whose current activation was made by hand
 */
export function rulesOf(
  active: PrefixList,
  byHand: PrefixList,
  holes: Iterable<Protection>,
): PrefixList {
  const always = new PrefixList();
  const unlessByHand = new PrefixList();
  for (const hole of holes) (isAlwaysHole(hole) ? always : unlessByHand).push(hole.prefix);
  const blocked = unlessByHand.size === 0 ? active : subtract(active, unlessByHand);
  if (blocked !== active) for (const prefix of byHand) blocked.push(prefix);
  const rules = subtract(blocked, always);
  refuseAll(rules.runs[4]);
  refuseAll(rules.runs[6]);
  return rules;
}

/** Whether not even a request by hand blocks it. */
export function isAlwaysHole({ reason }: Protection): boolean {
  return REASONS_BY_HAND.includes(reason);
}

/**
 * Whether a rule of the firewall needs --force: what of it may have hosts is too wide.
 * @param confirmed what a person blocked, which needed --force then
 */
export function isRuleTooWide(rule: Prefix, confirmed?: PrefixList): boolean {
  if (!isTooWide(rule)) return false;
  const known = PrefixList.from([...wideBogons(), ...(confirmed ?? [])]);
  return Array.from(subtract(PrefixList.from([rule]), known)).some(isTooWide);
}

function refuseAll({ family, size, lengths }: NetworkRun): void {
  if (size === 0 || lengths[0] !== 0) return;
  throw new McblockError(
    'protected',
    `the active entries together block every IPv${family} address, which is never done; ` +
      'expire the widest of them (mcblock show lists them), or allow what must stay open',
  );
}
