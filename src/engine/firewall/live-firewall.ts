import { withEmbedded } from '../../blocklist/embedded-holes.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import { rulesOf } from '../../blocklist/rules.ts';
import { McblockError } from '../../errors.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import { widestOf } from '../../firewall/reconcile.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import type { Store } from '../../store/store.ts';
import { holesAt } from '../holes.ts';
import type { RulesPolicy } from '../rules-at.ts';
import { applyRules } from './apply-rules.ts';

/** Keeps a firewall up to date while bans arrive. */
export interface LiveFirewall {
  /** Adds the rules for prefixes that became active, not by hand. False if that takes `apply`. */
  readonly add: (prefixes: readonly Prefix[]) => Promise<boolean>;
  /** Makes the firewall hold the rules of the store. */
  readonly apply: () => Promise<void>;
  /** Ends what was started for the next `add`. */
  readonly close: () => void;
}

export function liveFirewall(
  firewall: Firewall,
  store: Store,
  policy: RulesPolicy,
  now: () => Seconds,
): LiveFirewall {
  return {
    add: async (prefixes) => {
      if (firewall.add === undefined) return false;
      const holes = holesAt(store, policy, now(), prefixes);
      const active = PrefixList.from(prefixes);
      const all = withEmbedded(holes, active, policy.auto.nat64);
      const list = rulesOf(active, new PrefixList(), all);
      if (list.size === 0) return true;
      // Prefixes that are too wide are left to `apply`, which leaves them out with a reason.
      if (widestOf(list) !== undefined) return false;
      // Starting a program holds the loop for milliseconds: what goes to the fleet is sent before.
      await new Promise(setImmediate);
      try {
        const isAdded = await firewall.add(list);
        firewall.prepare?.();
        return isAdded;
      } catch (error) {
        // Another program changed the firewall. `apply` reads it and reports that.
        if (error instanceof McblockError) return false;
        throw error;
      }
    },
    apply: async () => {
      await applyRules(firewall, store, policy, now);
      firewall.prepare?.();
    },
    close: () => firewall.release?.(),
  };
}

/** For when another program applies the rules. */
export const NO_FIREWALL: LiveFirewall = {
  add: async () => true,
  apply: async () => {},
  close: () => {},
};
