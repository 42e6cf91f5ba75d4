import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { privateSpace } from '../../blocklist/bogons.ts';
import type { Context } from '../../cli/context.ts';
import { printable } from '../../cli/text/printable.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { subtract } from '../../net/subtract.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Feed } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { ownAddresses } from '../own-addresses.ts';
import { TextFile } from '../text-file.ts';
import { fetchText } from './fetch.ts';
import { readFeedList } from './list.ts';

export interface UpdateOptions {
  readonly minLines: number;
  readonly maxSizeBytes: number;
  readonly timeoutSeconds: number;
  /** A file of certificates. */
  readonly ca?: string;
}

/** A feed as it is now; `prefixes` undefined: it has not changed. */
export interface Update {
  readonly feed: Feed;
  readonly prefixes: PrefixList | undefined;
}

/** Of the lines of a list so many percent may be none; else it is something else. */
const BAD_PERCENT = 1;

/**
 * Reads a feed from its source. What is protected, or wider than any block by hand, is left out.
 * Throws McblockError('input') where it is no list, or too short a one: then the feed stays as it is.
 */
export async function readFeed(
  context: Context,
  store: Store,
  name: string,
  source: string,
  options: UpdateOptions,
): Promise<Update> {
  const known = store.feeds().find((feed) => feed.name === name);
  const same = known?.source === source ? known : undefined;
  const { now: fetchedAt } = context;
  if (!isUrl(source)) {
    const place = source === '-' ? source : resolve(source);
    const prefixes = prefixesOf(context, name, textOfFile(place, options), options);
    const feed = { name, source: place, fetchedAt, prefixes: prefixes.size };
    return { feed: { ...feed, etag: undefined, lastModified: undefined }, prefixes };
  }
  const fetched = await fetchText(source, {
    timeoutMilliseconds: options.timeoutSeconds * 1000,
    sizeLimitBytes: options.maxSizeBytes,
    ...(options.ca === undefined ? {} : { ca: readCertificates(options.ca) }),
    etag: same?.etag,
    lastModified: same?.lastModified,
  });
  if (fetched === 'unchanged') {
    if (same === undefined) throw new McblockError('input', `${source} gave nothing`);
    return { feed: { ...same, fetchedAt }, prefixes: undefined };
  }
  const { text, etag, lastModified } = fetched;
  const prefixes = prefixesOf(context, name, text, options);
  const feed = { name, source, fetchedAt, prefixes: prefixes.size, etag, lastModified };
  return { feed, prefixes };
}

export function isUrl(source: string): boolean {
  if (/^http:/i.test(source)) {
    throw new McblockError('usage', `${source} could be changed on its way; feeds come by https`);
  }
  return /^https:/i.test(source);
}

function prefixesOf(
  context: Context,
  name: string,
  text: string,
  { minLines }: UpdateOptions,
): PrefixList {
  const { prefixes, lines, bad, firstBad } = readFeedList(text);
  const refuse = (why: string): never => {
    throw new McblockError('input', `the feed ${name} ${why}. It stays as it was.`);
  };
  if (firstBad && bad * 100 > lines * BAD_PERCENT) {
    refuse(
      `is no list of prefixes: ${bad} of ${lines} lines are none, the first is line ${firstBad.number}: "${printable(firstBad.text)}"`,
    );
  }
  if (lines < minLines) refuse(`has ${lines} lines, fewer than --min-lines ${minLines}`);
  if (firstBad) {
    context.remark(`${name}:${firstBad.number}: "${printable(firstBad.text)}" is passed over`);
  }
  const kept = new PrefixList();
  for (const prefix of prefixes) {
    if (isTooWide(prefix)) {
      context.remark(`${name}: ${formatPrefix(prefix)} is passed over, it is too wide`);
    } else kept.push(prefix);
  }
  const holes = [...ownAddresses().map(hostPrefix), ...privateSpace().map(({ prefix }) => prefix)];
  return subtract(kept, PrefixList.from(holes));
}

function textOfFile(path: string, { maxSizeBytes }: UpdateOptions): string {
  const file = new TextFile(path);
  try {
    let text = '';
    for (const line of file.lines()) {
      text += `${line}\n`;
      if (text.length > maxSizeBytes) {
        throw new McblockError('input', `${file.name} is larger than ${maxSizeBytes} bytes`);
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
    throw new McblockError('file', `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}
