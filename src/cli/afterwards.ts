import type { Command } from 'commander';
import {
  type AppliedRules,
  type ApplyOptions,
  applyRules,
} from '../engine/firewall/apply-rules.ts';
import { type LiveFirewall, liveFirewall } from '../engine/firewall/live-firewall.ts';
import { McblockError } from '../errors.ts';
import type { Ban } from '../fleet/pubsub/ban.ts';
import type { Config } from './config/config.ts';
import { configuredFirewall, namesFirewall } from './config/firewall-settings.ts';
import { policyOf } from './config/policies.ts';
import type { Context } from './context.ts';
import { appliedText } from './text/applied-text.ts';

export const NOT_APPLIED = 'recorded; run mcblock apply or mcblock emit to update the firewall';

/** Makes the firewall of the configuration hold the rules of the store. */
export async function applyConfigured(
  context: Context,
  options: ApplyOptions = {},
): Promise<AppliedRules> {
  const firewall = await configuredFirewall(await context.config());
  const store = await context.store('read');
  const policy = await context.policy();
  const { doubtfulSince: since } = context.time;
  return applyRules(firewall, store, policy, () => context.time.present, { since, ...options });
}

/**
 * The firewall of the configuration, which may be reread meanwhile, for commands that require the time;
 * undefined if none is to be updated.
 */
export async function liveConfigured(
  context: Context,
  choice: ApplyChoice,
): Promise<LiveFirewall | undefined> {
  if (!(await isToUpdate(context, choice))) return undefined;
  let held: { readonly config: Config; readonly live: LiveFirewall } | undefined;
  // What it was last seen to hold is what spares `add` to read it.
  const current = async (): Promise<LiveFirewall> => {
    const config = await context.config();
    if (held?.config !== config) {
      const [firewall, store] = [await configuredFirewall(config), await context.store('read')];
      held?.live.close();
      const live = liveFirewall(firewall, store, policyOf(config), () => context.time.present);
      held = { config, live };
    }
    return held.live;
  };
  return {
    add: async (prefixes) => (await current()).add(prefixes),
    apply: async () => (await current()).apply(),
    close: () => held?.live.close(),
  };
}

/** --apply or --no-apply; undefined with neither. */
export interface ApplyChoice {
  readonly apply?: boolean;
}

export function addApplyOptions(command: Command): Command {
  return command
    .option('--apply', 'update the firewall (default if [firewall] is configured)')
    .option('--no-apply', 'do not update the firewall');
}

/** Whether the firewall is to be updated: as chosen, else if the configuration names one. */
export async function isToUpdate(context: Context, { apply }: ApplyChoice): Promise<boolean> {
  return apply ?? namesFirewall(await context.config());
}

/** What became of the firewall after a command changed the store. */
export interface FirewallOutcome {
  /** The firewall holds the rules of the store now. */
  readonly isApplied: boolean;
  /**
   * Says so on stderr, but not of a firewall that was left although nothing changed. Throws
   * McblockError if the firewall could not be updated.
   */
  readonly report: (isChanged?: boolean) => void;
}

/** Makes the firewall hold the rules after a change of the store, if configured or asked for. */
export async function updateFirewall(
  context: Context,
  choice: ApplyChoice,
  options: ApplyOptions = {},
): Promise<FirewallOutcome> {
  if (!(await isToUpdate(context, choice))) {
    const report = (isChanged = true) => {
      if (isChanged && choice.apply === undefined) context.remark(NOT_APPLIED);
    };
    return { isApplied: false, report };
  }
  try {
    const applied = appliedText(await applyConfigured(context, options));
    return { isApplied: true, report: () => context.remark(applied) };
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    const report = () => {
      throw new McblockError('program', `recorded; the firewall is unchanged: ${error.message}`, {
        cause: error,
      });
    };
    return { isApplied: false, report };
  }
}

/** The same for a command that does not tell what is blocked. */
export async function applyAfterwards(
  context: Context,
  choice: ApplyChoice,
  options: ApplyOptions = {},
): Promise<void> {
  (await updateFirewall(context, choice, options)).report();
}

/** Publishes bans if the configuration names a Redis. What cannot be published is a remark. */
export async function publishAfterwards(context: Context, bans: readonly Ban[]): Promise<void> {
  const config = await context.config();
  if (bans.length === 0 || config.get('pubsub.address') === '') return;
  const [{ publisherSettings }, { publishBans }] = await Promise.all([
    import('./config/publisher-settings.ts'),
    import('../engine/publish/ban-publisher.ts'),
  ]);
  const warn = (text: string) => context.remark(text);
  const isPublished = await publishBans(publisherSettings(config), bans, warn);
  if (isPublished) (await context.store('change')).commands.sent();
}
