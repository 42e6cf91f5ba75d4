import type { NetworkRun } from './network-run.ts';
import { PrefixList } from './prefix-list.ts';

/**
 * The fewest prefixes that cover exactly the same addresses, in order. Linear; the list is not
 * changed. In the result no prefix contains another and no two are siblings.
 */
export function coalesce(list: PrefixList): PrefixList {
  const result = new PrefixList(list);
  result.sort();
  coalesceRun(result.runs[4]);
  coalesceRun(result.runs[6]);
  return result;
}

/**
 * In place. The result changes only at its end: as the prefixes are in order, the wider first, only
 * its last one can contain the next or be its sibling.
 */
function coalesceRun(run: NetworkRun): void {
  const { lengths, size } = run;
  let count = 0;
  for (let index = 0; index < size; index++) {
    if (count > 0 && run.commonBits(count - 1, index) >= (lengths[count - 1] ?? 0)) continue;
    run.move(index, count);
    let length = lengths[count] ?? 0;
    // Siblings differ only in the last bit of their length; the left one stays.
    while (
      count > 0 &&
      lengths[count - 1] === length &&
      run.commonBits(count - 1, count) === length - 1
    ) {
      count--;
      length--;
    }
    lengths[count] = length;
    count++;
  }
  run.size = count;
}
