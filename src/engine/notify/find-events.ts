import type { Seconds } from '../../blocklist/entry.ts';
import { hitsOf } from '../../blocklist/evidence.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { ruleNames } from '../../blocklist/policy-rule.ts';
import { formatAddress } from '../../net/address-text.ts';
import { hostPrefix } from '../../net/prefix.ts';
import type { WidestLengths } from '../../net/wide.ts';
import type { Store } from '../../store/store.ts';
import { HOUR_SECONDS, type NotifyEvent, type NotifyType } from './event.ts';

/** From when on an event is worth a notification. */
export interface NotifyLimits extends WidestLengths {
  /** More new entries than this in an hour. */
  readonly entries: number;
  /** As many failures as this before a login. */
  readonly failures: number;
}

/** Events of one kind that are looked at. */
const MAX_EVENTS = 1000;

/**
 * The events of the last day, as the store tells them, but for those of doctor.
 * @param rules by their names, whether somebody is told of the activations of those that say so
 */
export function* findEvents(
  store: Store,
  types: ReadonlySet<NotifyType>,
  rules: ReadonlyMap<string, boolean>,
  limits: NotifyLimits,
  now: Seconds,
): Generator<NotifyEvent> {
  const since = now - DAY_SECONDS;
  if (rules.size > 0) {
    for (const { prefix, rule: names, at } of store.statistics.byRuleSince(since, MAX_EVENTS)) {
      const rule = ruleNames(names).find((name) => rules.has(name));
      if (rule !== undefined && rules.get(rule))
        yield { type: 'rule', rule, prefix, activatedAt: at };
    }
  }
  if (types.has('wide-entry')) {
    const found = store.statistics.newWiderThan(limits, since, MAX_EVENTS);
    for (const entry of found) yield { type: 'wide-entry', ...entry };
  }
  if (types.has('many-entries')) {
    const { first } = store.statistics.recorded(now - HOUR_SECONDS, now);
    if (first > limits.entries) yield { type: 'many-entries', entries: first };
  }
  if (types.has('login-after-failures')) yield* loginsAfterFailures(store, limits.failures, since);
  if (types.has('over-budget')) {
    const { count } = store.outbox.deferredReports();
    if (count > 0) yield { type: 'over-budget', reports: count };
  }
}

/** First logins since, from addresses whose offences before them are kept. */
function* loginsAfterFailures(store: Store, least: number, since: Seconds): Generator<NotifyEvent> {
  const seen = new Set<string>();
  for (const { address, service, first } of store.logins.firstSince(since, MAX_EVENTS)) {
    const name = formatAddress(address);
    if (seen.has(name)) continue;
    const prefix = hostPrefix(address);
    const offences = [...store.pending(prefix), ...store.spent.within(prefix)];
    const failures = hitsOf(offences.filter(({ at }) => at <= first));
    if (failures < least) continue;
    seen.add(name);
    yield { type: 'login-after-failures', address, service, failures };
  }
}
