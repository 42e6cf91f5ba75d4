import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { nounText } from '../../count-text.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { Feed } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { isUrl } from '../feed/update.ts';
import { isApiList } from '../sync/keep-list.ts';
import { ago, type Found, ok, problem, warning } from './finding.ts';

const FEED_DAYS = 7;
const REFUSAL_DAYS = 7;
const PROXY_DAYS = 7;
/** More changes or reports than a working sync leaves. */
const MANY = 1000;

export function checkEntries(store: Store, path: string, now: Seconds): Found {
  const { active, expired } = store.counts(now);
  const text = `${path}: active entries ${active}, expired ${expired}`;
  return { ...ok(text), figures: { active, expired } };
}

/** Whether limits.share refused automatic requests lately. */
export function checkShare(store: Store, now: Seconds): Found {
  const refusals = store.coverage.refusals();
  if (refusals === undefined || now - refusals.lastAt > REFUSAL_DAYS * DAY_SECONDS) {
    return ok('limits.share has refused nothing lately');
  }
  return warning(
    `limits.share refused ${nounText(refusals.count, 'entry', 'entries')} so far`,
    'expire the widest entries, or raise limits.share',
  );
}

/** Whether web servers reported offences of what may be a proxy. */
export function checkProxies(store: Store, trusted: number, now: Seconds): Found {
  if (trusted > 0) return ok(`${trusted} trusted`);
  const [latest] = store.logs.likelyProxies.since(now - PROXY_DAYS * DAY_SECONDS);
  if (latest === undefined) return ok('none found');
  const { prefix, offences } = latest;
  return warning(
    `${formatPrefix(prefix)} may be one: offences not counted: ${offences}`,
    'name the proxies in trusted-proxies, or 127.0.0.1 if there are none',
  );
}

export function checkAllowList(store: Store, now: Seconds): Found {
  const { length } = store.allowed(now);
  if (length > 0) return ok(prefixesText(length));
  return warning('empty', 'add the networks that you come from: mcblock allow PREFIX');
}

function prefixesText(count: number): string {
  return nounText(count, 'prefix', 'prefixes');
}

export function checkFeeds(store: Store, now: Seconds): Found {
  const feeds = store.feeds.all();
  const old = feeds.find(({ fetchedAt }) => now - fetchedAt > FEED_DAYS * DAY_SECONDS);
  if (old !== undefined) {
    const days = Math.floor((now - old.fetchedAt) / DAY_SECONDS);
    return warning(`${old.name} is ${days} days old`, adviceOn(old));
  }
  const prefixes = feeds.reduce((sum, feed) => sum + feed.prefixes, 0);
  const oldest = Math.min(...feeds.map(({ fetchedAt }) => fetchedAt));
  const names = feeds.map(({ name }) => name).join(', ');
  return {
    ...ok(`${names}: ${prefixesText(prefixes)}, fetched ${ago(now - oldest)}`),
    figures: { feeds: feeds.length, prefixes },
  };
}

function adviceOn(feed: Feed): string {
  if (isApiList(feed)) return 'run mcblock sync, as from cron(8) or mcblock-sync.service';
  if (isUrl(feed.source)) return 'run mcblock feed --all, as from cron(8)';
  return `read it again: mcblock feed ${feed.name}`;
}

/** Whether the API answers this user, and how much is left to exchange. */
export async function checkFleet(client: FleetClient, store: Store, now: Seconds): Promise<Found> {
  try {
    return await checkChanges(client, store, now);
  } catch (error) {
    if (client.version1 === undefined) throw error;
    const listed = prefixesText((await client.version1.listed()).size);
    const waiting = store.outbox.size();
    const text = `${client.url}: acacia's API: ${listed} listed, ${nounText(waiting, 'report', 'reports')} to send`;
    return { ...ok(text), figures: { waiting } };
  }
}

async function checkChanges(client: FleetClient, store: Store, now: Seconds): Promise<Found> {
  const { sequence, store: identity } = store.fleetState.position(client.url);
  const page = await client.changes(sequence, 1, identity);
  const aside = store.outbox.setAsideReports();
  if (aside.count > 0) {
    const reasons = aside.reasons.map(({ reason }) => reason).join('; ');
    return problem(
      `${client.url} refused ${nounText(aside.count, 'report', 'reports')}: ${reasons}`,
      'update the server',
    );
  }
  const deferred = store.outbox.deferredReports();
  if (deferred.count > 0) {
    const reasons = deferred.reasons.map(({ reason }) => reason).join('; ');
    return {
      ...warning(
        `${client.url} deferred ${nounText(deferred.count, 'report', 'reports')}: ${reasons}`,
        'they are sent again each day; expire what need not be blocked',
      ),
      figures: { deferred: deferred.count },
    };
  }
  const figures = {
    behind: Math.max(0, (page?.latest ?? 0) - sequence),
    waiting: store.outbox.size(),
    held: store.fleetState.claims.waiting(now),
  };
  // The number belongs to another store: everything is fetched again.
  const isUnknown = page === undefined || page.latest < sequence;
  const state = isUnknown
    ? 'different store: everything will be fetched again'
    : figures.behind > 0
      ? `${nounText(figures.behind, 'change', 'changes')} behind`
      : 'up to date';
  const held = figures.held > 0 ? `, ${figures.held} wide prefixes held (fleet.quorum)` : '';
  const text = `${client.url}: ${state}, ${nounText(figures.waiting, 'report', 'reports')} to send${held}`;
  if (!isUnknown && figures.behind < MANY && figures.waiting < MANY)
    return { ...ok(text), figures };
  return { ...warning(text, 'run mcblock sync, as from cron(8) or mcblock-sync.service'), figures };
}
