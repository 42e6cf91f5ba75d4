import { comparePrefixes } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';

export interface Difference {
  readonly added: PrefixList;
  readonly removed: PrefixList;
}

/** What turns one list into the other. Both must be sorted. Linear. */
export function differenceOf(held: PrefixList, wanted: PrefixList): Difference {
  const added = new PrefixList();
  const removed = new PrefixList();
  let h = 0;
  let w = 0;
  while (h < held.size && w < wanted.size) {
    const one = held.at(h);
    const other = wanted.at(w);
    const order = comparePrefixes(one, other);
    if (order <= 0) h++;
    if (order >= 0) w++;
    if (order < 0) removed.push(one);
    if (order > 0) added.push(other);
  }
  for (; h < held.size; h++) removed.push(held.at(h));
  for (; w < wanted.size; w++) added.push(wanted.at(w));
  return { added, removed };
}
