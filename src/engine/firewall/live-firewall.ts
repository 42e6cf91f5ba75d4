import type { Context } from '../../cli/context.ts';
import { McblockError } from '../../errors.ts';
import { reconcile, widestOf } from '../../firewall/reconcile.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { rulesAt } from '../rules-at.ts';
import { firewallOf } from './open-firewall.ts';

/** What keeps the firewall as the store says. */
export interface Applier {
  /** Puts in what began to block; false where that is to be done by `apply`. */
  readonly add: (prefixes: readonly Prefix[]) => Promise<boolean>;
  /** Makes it hold the rules of the store as they are when it is called. */
  readonly apply: () => Promise<void>;
}

export async function applier(context: Context): Promise<Applier> {
  const firewall = await firewallOf(await context.config());
  const store = await context.store('write');
  return {
    add: async (prefixes) => {
      const list = PrefixList.from(prefixes);
      list.sort();
      // What is too wide is refused, with the reason, where everything is looked at.
      if (firewall.add === undefined || widestOf(list) !== undefined) return false;
      try {
        return await firewall.add(list);
      } catch (error) {
        // Somebody else changed it; that is seen, and told, when it is read.
        if (error instanceof McblockError) return false;
        throw error;
      }
    },
    apply: async () => {
      await reconcile(firewall, () => rulesAt(store, context.present), {});
    },
  };
}

/** Where something else applies. */
export const NO_APPLIER: Applier = { add: async () => true, apply: async () => {} };
