import { McblockError } from '../errors.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { differenceOf } from './difference.ts';
import type { Firewall } from './firewall.ts';
import { reconcile, widestOf } from './reconcile.ts';

/**
 * Keeps a firewall up to date, time after time. What is new goes in before the firewall is read, by
 * what it held the last time: to list a large table takes longer than all the rest. Then it is read
 * and put right, whoever changed it meanwhile.
 */
export class Keeper {
  readonly #firewall: Firewall;
  #held: PrefixList | undefined;

  constructor(firewall: Firewall) {
    this.#firewall = firewall;
  }

  /** Makes the firewall hold these rules. Throws as reconcile does. */
  async keep(rules: () => PrefixList): Promise<void> {
    if (this.#held !== undefined) await this.#add(this.#held, rules());
    let held: PrefixList | undefined;
    this.#held = undefined;
    await reconcile(this.#firewall, () => (held = rules()), {});
    // The last ones that were asked for are those that were found in it.
    this.#held = held;
  }

  async #add(held: PrefixList, wanted: PrefixList): Promise<void> {
    const { added } = differenceOf(held, wanted);
    // What is too wide is refused, with the reason, where everything is looked at.
    if (added.size === 0 || widestOf(added) !== undefined) return;
    try {
      await this.#firewall.add?.(added);
    } catch (error) {
      // Somebody else changed it; that is seen when it is read.
      if (!(error instanceof McblockError)) throw error;
    }
  }
}
