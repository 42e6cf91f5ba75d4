import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import { type Reconciled, type ReconcileOptions, reconcile } from '../../firewall/reconcile.ts';
import type { Store } from '../../store/store.ts';
import { rulesAt } from '../rules-at.ts';

export interface ApplyOptions extends ReconcileOptions {
  /** End the connections of what is newly blocked; pf only. */
  readonly kill?: boolean | undefined;
}

/** What changed in the firewall. */
export interface AppliedRules extends Reconciled {
  /** The firewall's name in messages, such as `pf table mcblock`. */
  readonly firewall: string;
}

/**
 * Makes the firewall hold exactly the rules of the store. To be called outside a transaction. Throws
 * McblockError.
 */
export async function applyRules(
  firewall: Firewall,
  store: Store,
  now: () => Seconds,
  options: ApplyOptions = {},
): Promise<AppliedRules> {
  if (options.kill && firewall.kill === undefined) {
    throw new McblockError(
      'usage',
      `--kill is for pf only: ${firewall.name} drops established connections too`,
    );
  }
  const reconciled = await reconcile(firewall, () => rulesAt(store, now()), options);
  if (options.kill && !options.dryRun) await firewall.kill?.(reconciled.added);
  return { ...reconciled, firewall: firewall.name };
}
