import type { Prefix } from '../../net/prefix.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import { type WidestLengths, widestLengthOf } from '../../net/wide.ts';

/** For a block that this machine may not have in the fleet. */
export function notSharedText(prefix: Prefix, widest: WidestLengths): string {
  const length = widestLengthOf(prefix.family, widest);
  return `${shortPrefix(prefix)} recorded here, not shared: wider than /${length}`;
}

/** For blocks that did not fit into the outbox. */
export const OUTBOX_FULL =
  'the outbox is full (fleet.outbox-limit): run mcblock sync, then mcblock share --all';
