import type { Seconds } from '../../blocklist/entry.ts';
import type { Policies } from '../../engine/policies.ts';
import { openPublisher } from '../../engine/publish/ban-publisher.ts';
import type { CatchUpOptions } from '../../engine/sync/catch-up-result.ts';
import type { SyncOptions } from '../../engine/sync/sync-round.ts';
import { McblockError } from '../../errors.ts';
import type { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { Config } from './config.ts';
import { publisherSettings } from './publisher-settings.ts';

export function catchUpOptions(
  config: Config,
  policies: Policies,
  now: () => Seconds,
): CatchUpOptions {
  return {
    policies,
    now,
    longestSeconds: config.get('fleet.longest'),
    maxChanges: config.get('fleet.change-limit'),
  };
}

/** How addresses are taken from pf's tables. */
export function pfTableOptions(
  config: Config,
): Pick<SyncOptions, 'pfctl' | 'pfTables' | 'pfExpireSeconds'> {
  return {
    pfctl: config.get('firewall.pfctl'),
    pfTables: config.get('fleet.pf-tables'),
    pfExpireSeconds: config.get('fleet.pf-expire'),
  };
}

/** Throws McblockError('config') if there is no Redis, or no table of pf to publish from. */
export function requirePubsub(config: Config): void {
  if (config.get('pubsub.address') === '') throw noRedis();
  if (config.get('fleet.pf-tables').length > 0) return;
  throw new McblockError('config', '--only-pubsub needs fleet.pf-tables in the configuration');
}

/** Throws McblockError('config'). */
export async function openConfiguredPublisher(config: Config): Promise<Publisher> {
  const settings = publisherSettings(config);
  if (settings === undefined) throw noRedis();
  return openPublisher(settings);
}

function noRedis(): McblockError {
  return new McblockError('config', '--only-pubsub needs pubsub.address in the configuration');
}
