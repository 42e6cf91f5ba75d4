import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { privateSpace } from '../../blocklist/bogons.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import { errorOf, McblockError } from '../../errors.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { subtract } from '../../net/subtract.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Feed, FeedLimits } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { ownAddresses } from '../own-addresses.ts';
import { withinShare } from '../record/share-limit.ts';
import { TextFile } from '../text-file.ts';
import { fetchText, withoutSecrets } from './fetch.ts';
import { readFeedList } from './list.ts';

export interface FeedOptions {
  readonly limits: FeedLimits;
  readonly timeoutSeconds: number;
  readonly now: Seconds;
  readonly warn: (text: string) => void;
}

/** A feed as it is now; `prefixes` is undefined if it has not changed. */
export interface FeedUpdate {
  readonly feed: Feed;
  readonly prefixes: PrefixList | undefined;
}

/** A text is no list if more than this share of its lines is not understood. */
const MAX_BAD_PERCENT = 1;

/**
 * Reads a feed: an https URL, a file or `-` for standard input. Private space, this host's addresses
 * and prefixes wider than any block by hand are left out. Throws McblockError('input') if the feed
 * cannot be read, is no list or is too short.
 * @param known the feed of that name as it was read before
 */
export async function readFeed(
  name: string,
  source: string,
  known: Feed | undefined,
  options: FeedOptions,
): Promise<FeedUpdate> {
  const { now: fetchedAt, limits } = options;
  if (!isUrl(source)) {
    const file = source === '-' ? source : resolve(source);
    const prefixes = prefixesOf(name, textOfFile(file, options), options);
    const feed = { name, source: file, fetchedAt, limits, prefixes: prefixes.size };
    return { feed: { ...feed, etag: undefined, lastModified: undefined }, prefixes };
  }
  const same = known?.source === source ? known : undefined;
  const fetched = await fetchText(source, {
    timeoutMilliseconds: options.timeoutSeconds * 1000,
    sizeLimitBytes: limits.maxSizeBytes,
    ...(limits.ca === '' ? {} : { ca: readCertificates(limits.ca) }),
    etag: same?.etag,
    lastModified: same?.lastModified,
  });
  if (fetched === 'unchanged') {
    if (same === undefined)
      throw new McblockError(
        'input',
        `${withoutSecrets(source)}: answered 304 although nothing was read from it before`,
      );
    return { feed: { ...same, fetchedAt, limits }, prefixes: undefined };
  }
  const { text, etag, lastModified } = fetched;
  const prefixes = prefixesOf(name, text, options);
  const feed = { name, source, fetchedAt, limits, prefixes: prefixes.size, etag, lastModified };
  return { feed, prefixes };
}

/**
 * Stores the feed. Throws McblockError('protected') if more would be blocked with it than
 * `limits.share` allows; then the feed stays as it was.
 */
export function storeFeed(
  store: Store,
  { feed, prefixes }: FeedUpdate,
  sharePercent: number,
  now: Seconds,
): void {
  const put = () => store.putFeed(feed, prefixes);
  if (prefixes === undefined) return put();
  store.transaction(() => withinShare(store, sharePercent, now, `feed ${feed.name}`, put));
}

/** Whether the source is an https URL. Throws McblockError('usage') for http. */
export function isUrl(source: string): boolean {
  if (/^http:/i.test(source)) {
    throw new McblockError('usage', `${withoutSecrets(source)}: feeds are fetched over https only`);
  }
  return /^https:/i.test(source);
}

function prefixesOf(name: string, text: string, { limits, warn }: FeedOptions): PrefixList {
  const { prefixes, lines, bad, firstBad } = readFeedList(text);
  const refuse = (why: string): never => {
    throw new McblockError('input', `feed ${name}: ${why}; nothing changed`);
  };
  if (firstBad && bad * 100 > lines * MAX_BAD_PERCENT) {
    refuse(
      `${bad} of ${lines} lines hold no prefix, the first is line ${firstBad.number}: "${firstBad.text}"`,
    );
  }
  const { minLines } = limits;
  if (lines < minLines) refuse(`${lines} lines, fewer than --min-lines ${minLines}`);
  if (firstBad) {
    warn(`${name}:${firstBad.number}: skipped "${firstBad.text}"`);
  }
  const kept = new PrefixList();
  for (const prefix of prefixes) {
    if (isTooWide(prefix)) {
      warn(`${name}: skipped ${formatPrefix(prefix)}: too wide`);
    } else kept.push(prefix);
  }
  const holes = [...ownAddresses().map(hostPrefix), ...privateSpace().map(({ prefix }) => prefix)];
  return subtract(kept, PrefixList.from(holes));
}

function textOfFile(path: string, { limits: { maxSizeBytes } }: FeedOptions): string {
  const file = new TextFile(path);
  try {
    let text = '';
    for (const line of file.lines()) {
      text += `${line}\n`;
      if (text.length > maxSizeBytes) {
        throw new McblockError('input', `${file.name}: larger than ${maxSizeBytes} bytes`);
      }
    }
    return text;
  } finally {
    file.close();
  }
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw errorOf('file', path, cause);
  }
}
