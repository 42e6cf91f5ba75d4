import type { Seconds } from '../../blocklist/entry.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import { isAnyBlocked } from '../blocker.ts';
import type { Policies } from '../policies.ts';
import { bansOf } from '../publish/bans-of.ts';
import { pastLogins } from './judge-log.ts';
import type { PendingChanges } from './pending-changes.ts';
import { withdrawFor } from './withdraw.ts';

/** How lines of logs changed the rules. */
export interface RuleChanges {
  /** Entries that became active and were stored. */
  readonly bans: Ban[];
  /** Entries whose latest activation was withdrawn, as a login came. */
  readonly withdrawn: Prefix[];
  /** The rules get a hole or lose one: an address is trusted now, or no longer. */
  changesHoles: boolean;
}

/** Stores logins and withdraws the activations that they excuse, in the current transaction. */
export function storeLogins(
  store: Store,
  logins: readonly Login[],
  policies: Policies,
  now: Seconds,
  report: RuleChanges,
): void {
  const past = pastLogins(logins, now);
  report.changesHoles ||= isAnyBlocked(store, past, policies, now);
  store.recordLogins(past);
  // Judged again with the login, they may still block here.
  store.outbox.pending.takeBack(() =>
    past.flatMap(({ address }) => store.pending(hostPrefix(address))),
  );
  const withdrawn = withdrawFor(store, store.snapshot(), past, policies, now);
  report.withdrawn.push(...withdrawn.map(({ before }) => before.prefix));
}

/** Stores the changes to one network, in the current transaction. */
export function storeChanges(
  store: Store,
  changes: PendingChanges,
  now: Seconds,
  report: RuleChanges,
): void {
  changes.write(store);
  report.changesHoles ||= changes.hasLosses;
  report.bans.push(...bansOf(changes.changes(), now));
}
