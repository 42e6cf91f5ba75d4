import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Store } from '../../store/store.ts';
import { type Found, ok, problem, warning } from './finding.ts';

/** Logs are rotated within this time nearly everywhere. */
const LOG_DAYS = 8;
const FEED_DAYS = 7;
const REFUSAL_DAYS = 7;

export function checkEntries(store: Store, path: string, now: Seconds): Found {
  const { active, expired } = store.counts(now);
  return ok(`${path}: ${active} entries active, ${expired} expired`);
}

/** Whether limits.share refused automatic requests lately. */
export function checkShare(store: Store, now: Seconds): Found {
  const refusals = store.coverage.refusals();
  if (refusals === undefined || now - refusals.lastAt > REFUSAL_DAYS * DAY_SECONDS) {
    return ok('limits.share refused nothing lately');
  }
  const { count } = refusals;
  return warning(
    `limits.share refused ${count} ${count === 1 ? 'entry' : 'entries'} so far`,
    'expire the widest entries, or raise limits.share',
  );
}

export function checkAllowList(store: Store): Found {
  const { length } = store.allowed();
  if (length > 0) return ok(`${length} prefixes`);
  return warning('it is empty', 'add the networks that you come from: mcblock allow PREFIX');
}

/** Whether logs are being read, by a hook, cron(8) or watch. */
export function checkLogs(store: Store, now: Seconds): Found {
  const log = store.logs.latest();
  if (log === undefined) {
    return warning('none was read yet', 'run mcblock grok or watch; see docs/logs.md');
  }
  const days = Math.floor((now - log.readAt) / DAY_SECONDS);
  if (days > LOG_DAYS) {
    return warning(
      `none was read for ${days} days; the last was ${log.name}`,
      'check the hook of newsyslog or logrotate, or that mcblock watch runs',
    );
  }
  return ok(`${log.name} was read last`);
}

export function checkFeeds(store: Store, now: Seconds): Found {
  const feeds = store.feeds();
  const old = feeds.find(({ fetchedAt }) => now - fetchedAt > FEED_DAYS * DAY_SECONDS);
  if (old === undefined) return ok(feeds.map(({ name }) => name).join(', '));
  const days = Math.floor((now - old.fetchedAt) / DAY_SECONDS);
  return warning(`${old.name} is ${days} days old`, 'run mcblock feed --all, as from cron(8)');
}

/** Whether the API answers this user, and what it has not taken yet. */
export async function checkFleet(client: FleetClient, store: Store): Promise<Found> {
  const { sequence, store: identity } = store.fleetState.position(client.url);
  const page = await client.changes(sequence, 1, identity);
  const aside = store.outbox.setAsideReports();
  if (aside.count > 0) {
    const reasons = aside.reasons.map(({ reason }) => reason).join('; ');
    return problem(`${client.url} refused ${aside.count} reports: ${reasons}`, 'update the server');
  }
  const waiting = store.outbox.size();
  const behind =
    page === undefined || page.changes.length > 0 ? 'there is more to fetch' : 'up to date';
  return ok(`${client.url}: ${behind}, ${waiting} reports to send`);
}
