import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ProtectedSpace, REASONS_BY_HAND } from '../../blocklist/protect.ts';
import { type Config, loadConfig } from '../../cli/config/config.ts';
import type { Context } from '../../cli/context.ts';
import { storePath } from '../../cli/store-location.ts';
import { parsePrefixes } from '../../cli/text/prefixes.ts';
import { protectionText } from '../../cli/text/protection-text.ts';
import { McblockError } from '../../errors.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { readPrefixes } from '../../net/prefix-reader.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import { isTooWide, WIDEST } from '../../net/wide.ts';
import { allowedProtections, ownProtections } from '../protected-space.ts';
import { TextFile } from '../text-file.ts';

/** Twice a million of the longest IPv4 prefixes. */
const INPUT_LIMIT_BYTES = 40 * 1024 * 1024;

/**
 * The configuration for what is done as root at the request of another user. It is root's: the
 * caller, whom doas(1) or sudo(8) let in, chooses none. Throws McblockError.
 */
export async function rootsConfig(context: Context): Promise<Config> {
  if (process.geteuid?.() !== 0) return context.config();
  const { config, db } = context.options;
  const { env } = context;
  const isBorrowed = ['DOAS_USER', 'SUDO_USER', 'SUDO_UID'].some((name) => env[name] !== undefined);
  if (isBorrowed && (config !== undefined || db !== undefined)) {
    throw new McblockError(
      'usage',
      "through doas or sudo, pf goes by root's own configuration; leave out --config, --db, MCBLOCK_CONFIG and MCBLOCK_DB",
    );
  }
  return loadConfig(config, {}, true);
}

/** What is asked for: the arguments, or without any what stands on standard input, one a line. */
export function readAsked(texts: readonly string[]): PrefixList {
  if (texts.length > 0) return PrefixList.from(parsePrefixes(texts));
  const file = new TextFile('-');
  const { list, bad, badCount } = readPrefixes(file.whole(INPUT_LIMIT_BYTES));
  const [first] = bad;
  if (first === undefined) return list;
  const more = badCount > 1 ? ` (and ${badCount - 1} more lines are none)` : '';
  throw new McblockError('input', `stdin, line ${first.line}: ${first.problem}${more}`);
}

/** Of what is asked for, what may be blocked, and of the rest why not. */
export function sift(
  asked: PrefixList,
  space: ProtectedSpace,
): { readonly list: PrefixList; readonly refused: readonly string[] } {
  const list = new PrefixList();
  const refused: string[] = [];
  for (const prefix of asked) {
    const protection = space.overlapping(prefix, REASONS_BY_HAND);
    if (isTooWide(prefix)) {
      refused.push(`${shortPrefix(prefix)} is wider than /${WIDEST[prefix.family]}`);
    } else if (protection !== undefined) {
      refused.push(`${shortPrefix(prefix)} overlaps ${protectionText(protection)}`);
    } else {
      list.push(prefix);
    }
  }
  return { list, refused };
}

/**
 * This host, and the allow-list of root's store. A store that is another user's is not opened: he
 * applies its allow-list himself, and could write into it whatever he likes.
 */
export async function rootsProtected(context: Context): Promise<ProtectedSpace> {
  const own = ownProtections();
  const path = storePath(context.options.db, {});
  if (!isOurs(dirname(path)) || !isOurs(path)) return new ProtectedSpace(own);
  const { openStore } = await import('../../store/store.ts');
  const store = openStore(path, { mode: 'read' });
  try {
    return new ProtectedSpace([...own, ...allowedProtections(store)]);
  } finally {
    store.close();
  }
}

/** Whether it is there, and nobody else could have written it. */
function isOurs(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
}
