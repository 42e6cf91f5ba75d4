import {
  type AppliedRules,
  type ApplyOptions,
  applyRules,
} from '../engine/firewall/apply-rules.ts';
import { openFirewall } from '../engine/firewall/open-firewall.ts';
import { McblockError } from '../errors.ts';
import type { Ban } from '../fleet/pubsub/ban.ts';
import { firewallSettings } from './config/firewall-settings.ts';
import type { Context } from './context.ts';
import { appliedText } from './text/applied-text.ts';

/** Makes the firewall of the configuration hold the rules of the store. */
export async function applyConfigured(
  context: Context,
  options: ApplyOptions = {},
): Promise<AppliedRules> {
  const firewall = await openFirewall(firewallSettings(await context.config()));
  const store = await context.store('read');
  const policy = await context.policy();
  const { doubtfulSince: since } = context.time;
  return applyRules(firewall, store, policy, () => context.time.present, { since, ...options });
}

/** The same after a command has changed the store, with a remark about the result. */
export async function applyAfterwards(context: Context, options: ApplyOptions = {}): Promise<void> {
  try {
    context.remark(appliedText(await applyConfigured(context, options)));
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    throw new McblockError(
      error.code,
      `recorded, but the firewall is not up to date: ${error.message}`,
      { cause: error },
    );
  }
}

/** Publishes bans if the configuration names a Redis. What cannot be published is a remark. */
export async function publishAfterwards(context: Context, bans: readonly Ban[]): Promise<void> {
  const config = await context.config();
  if (bans.length === 0 || config.get('pubsub.address') === '') return;
  const [{ publisherSettings }, { publishBans }] = await Promise.all([
    import('./config/publisher-settings.ts'),
    import('../engine/publish/ban-publisher.ts'),
  ]);
  await publishBans(publisherSettings(config), bans, (text) => context.remark(text));
}
