import { Keeper } from '../firewall/keeper.ts';
import type { Context } from './context.ts';
import { firewallOf } from './firewall-of.ts';
import { rulesAt } from './rules-at.ts';

/** What makes the firewall hold the rules of the store as they are when it is called. */
export async function applier(context: Context): Promise<() => Promise<void>> {
  const keeper = new Keeper(await firewallOf(await context.config()));
  const store = await context.store('write');
  return () => keeper.keep(() => rulesAt(store, context.present));
}
