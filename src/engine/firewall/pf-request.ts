import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CoveredSpace } from '../../blocklist/covered-space.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import { ProtectedSpace, REASONS_BY_HAND } from '../../blocklist/protect.ts';
import type { Protection } from '../../blocklist/request.ts';
import { isRuleTooWide } from '../../blocklist/rules.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { openStore } from '../../store/store.ts';
import { allowedProtections, ownProtections } from '../protected-space.ts';

/**
 * Why a prefix is not put into pf's table for another user: what it overlaps, its width, or that the
 * table would cover more than `limits.share` allows.
 */
export interface RefusedPrefix {
  readonly prefix: Prefix;
  readonly reason: Protection | 'too wide' | 'too much';
}

/** Separates the prefixes that may be blocked from those that may not. */
export function sift(
  requested: PrefixList,
  space: ProtectedSpace,
): { readonly list: PrefixList; readonly refused: readonly RefusedPrefix[] } {
  const list = new PrefixList();
  const refused: RefusedPrefix[] = [];
  for (const prefix of requested) {
    const reason = isRuleTooWide(prefix) ? 'too wide' : space.overlapping(prefix, REASONS_BY_HAND);
    if (reason === undefined) list.push(prefix);
    else refused.push({ prefix, reason });
  }
  return { list, refused };
}

/**
 * Separates the prefixes with which the table stays within the share, from the narrowest on, from
 * the others.
 * @param held what stays in the table
 */
export function siftByShare(
  requested: PrefixList,
  held: PrefixList,
  sharePercent: number,
): { readonly list: PrefixList; readonly refused: readonly RefusedPrefix[] } {
  const space = new CoveredSpace(held);
  const list = new PrefixList();
  const refused: RefusedPrefix[] = [];
  for (const prefix of [...requested].toSorted((p, q) => q.length - p.length)) {
    if (space.addWithin(sharePercent, prefix)) list.push(prefix);
    else refused.push({ prefix, reason: 'too much' });
  }
  list.sort();
  return { list, refused };
}

/**
 * This host's addresses, and the allow-list of the store at this path if nobody else can write to it.
 * A store of another user is not opened: that user applies its allow-list, and could write anything
 * into it.
 */
export function rootsProtectedSpace(storePath: string, now: Seconds): ProtectedSpace {
  const own = ownProtections();
  if (!isOurs(dirname(storePath)) || !isOurs(storePath)) return new ProtectedSpace(own);
  const store = openStore(storePath, { mode: 'read' });
  try {
    return new ProtectedSpace([...own, ...allowedProtections(store, now)]);
  } finally {
    store.close();
  }
}

/** Whether the file exists and only this user can write to it. */
function isOurs(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
}
