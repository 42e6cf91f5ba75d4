import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import { type Reconciled, type ReconcileOptions, reconcile } from '../../firewall/reconcile.ts';
import type { Family } from '../../net/address.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import type { Store } from '../../store/store.ts';
import { activeByHandAt } from '../active-at.ts';
import {
  excessError,
  excessOf,
  narrowestRulesAt,
  type RulesPolicy,
  rulesInTurns,
} from '../rules-at.ts';

export interface ApplyOptions extends ReconcileOptions {
  /** End the connections of what is newly blocked; pf only. */
  readonly kill?: boolean | undefined;
  /** If the time is in doubt: the latest that is not, at which no rule has ended. */
  readonly since?: Seconds | undefined;
}

/** What changed in the firewall. */
export interface AppliedRules extends Reconciled {
  /** The firewall's name in messages, such as `pf table mcblock`. */
  readonly firewall: string;
}

/**
 * Makes the firewall hold exactly the rules of the store. To be called outside a transaction. Throws
 * McblockError: ('protected') if the rules cover more than the share. Then the firewall keeps what it
 * holds, and an empty one gets the narrowest of them.
 */
export async function applyRules(
  firewall: Firewall,
  store: Store,
  policy: RulesPolicy,
  now: () => Seconds,
  options: ApplyOptions = {},
): Promise<AppliedRules> {
  if (options.kill && firewall.kill === undefined) {
    throw new McblockError(
      'usage',
      `--kill is for pf only: ${firewall.name} drops established connections too`,
    );
  }
  const reconciled = await reconcileWithinShare(firewall, store, policy, now, options);
  if (options.kill && !options.dryRun) await firewall.kill?.(reconciled.added);
  return { ...reconciled, firewall: firewall.name };
}

async function reconcileWithinShare(
  firewall: Firewall,
  store: Store,
  policy: RulesPolicy,
  now: () => Seconds,
  options: ApplyOptions,
): Promise<Reconciled> {
  const { share } = policy.limits;
  const { force, dryRun, since } = options;
  const keeps = `${firewall.name} keeps what it holds`;
  let excess: Family | undefined;
  const wanted = async (): Promise<PrefixList> => {
    const rules = await rulesInTurns(store, policy, now(), since);
    excess = force ? undefined : excessOf(rules, share);
    if (excess !== undefined) throw excessError(excess, share, keeps);
    return rules;
  };
  try {
    const confirmed = () => activeByHandAt(store, now());
    return await reconcile(firewall, wanted, { ...options, confirmed });
  } catch (error) {
    if (excess === undefined || dryRun) throw error;
    const held = await firewall.read();
    if (held !== undefined && held.size > 0) throw error;
    const narrowest = () => narrowestRulesAt(store, policy, now(), since);
    const { rules } = await reconcile(firewall, narrowest, { force: true });
    throw excessError(excess, share, `${firewall.name} was empty and has the narrowest ${rules}`);
  }
}
