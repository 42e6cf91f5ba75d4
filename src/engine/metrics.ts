import { coverageOf } from '../blocklist/coverage.ts';
import type { Seconds } from '../blocklist/entry.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import {
  blockedPrefixes,
  counter,
  gauge,
  lastNumber,
  type Metric,
  type MetricSample,
} from '../prometheus.ts';
import type { Store } from '../store/store.ts';
import type { Finding } from './doctor/finding.ts';
import { type RulesPolicy, rulesAt } from './rules-at.ts';

/** The metrics of this machine's store. @param url of the fleet's API; empty if there is none */
export function storeMetrics(
  store: Store,
  policy: RulesPolicy,
  now: Seconds,
  url: string,
): Metric[] {
  const { active, expired } = store.counts(now);
  const feeds = store.feeds.all();
  const origins = store.statistics.activationsByOrigin(0, now);
  const { outbox } = store;
  return [
    blockedPrefixes(active),
    gauge('mcblock_expired_prefixes', 'Prefixes that were blocked before.', expired),
    gauge(
      'mcblock_blocked_addresses',
      'IPv4 addresses in blocked prefixes and feeds.',
      Number(coverageOf(store.activePrefixes(now))[4]),
    ),
    gauge('mcblock_rules', 'Rules for the firewall.', rulesAt(store, policy, now).size),
    gauge('mcblock_allowed_prefixes', 'Prefixes on the allow-list.', store.allowed(now).length),
    counter(
      'mcblock_activations_total',
      'Times that a prefix was blocked, by origin.',
      origins.map(({ name, count }) => ({ labels: { origin: name }, value: count })),
    ),
    gauge(
      'mcblock_day_offences',
      'Offences of the last day that led to a block or hit one, by service.',
      offencesBetween(store, now - DAY_SECONDS, now),
    ),
    counter(
      'mcblock_share_refused_total',
      'Entries that limits.share refused.',
      store.coverage.refusals()?.count ?? 0,
    ),
    gauge(
      'mcblock_log_read_seconds',
      'When a log was last read, 0 if never.',
      store.logs.latest()?.readAt ?? 0,
    ),
    gauge(
      'mcblock_feed_prefixes',
      'Prefixes of each feed.',
      feeds.map(({ name, prefixes }) => ({ labels: { feed: name }, value: prefixes })),
    ),
    gauge(
      'mcblock_feed_fetched_seconds',
      'When each feed was fetched.',
      feeds.map(({ name, fetchedAt }) => ({ labels: { feed: name }, value: fetchedAt })),
    ),
    ...(url === ''
      ? []
      : [
          lastNumber(store.fleetState.position(url).sequence),
          gauge('mcblock_waiting_reports', 'Reports to send to the API.', outbox.size()),
          gauge(
            'mcblock_deferred_reports',
            'Reports that wait for the budget of this machine.',
            outbox.deferredReports().count,
          ),
          gauge(
            'mcblock_refused_reports',
            'Reports that the API refused for their form.',
            outbox.setAsideReports().count,
          ),
        ]),
  ];
}

function offencesBetween(store: Store, since: Seconds, until: Seconds): MetricSample[] {
  const sums = new Map<string, number>();
  for (const { rows } of store.statistics.evidenceAround(since, until)) {
    for (const { service, count } of rows) sums.set(service, (sums.get(service) ?? 0) + count);
  }
  return Array.from(sums, ([service, value]) => ({ labels: { service }, value }));
}

/** How many findings of doctor each state has, by what was checked. */
export function findingMetrics(findings: readonly Finding[]): Metric[] {
  const names = [...new Set(findings.map(({ name }) => name))];
  const count = (state: Finding['state']) =>
    names.map((check) => ({
      labels: { check },
      value: findings.filter((found) => found.name === check && found.state === state).length,
    }));
  return [
    gauge('mcblock_problems', 'What doctor finds that does not work.', count('problem')),
    gauge('mcblock_warnings', 'What doctor warns of.', count('warning')),
  ];
}
