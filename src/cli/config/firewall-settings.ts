import { openFirewall, ownKind } from '../../engine/firewall/open-firewall.ts';
import type { Firewall } from '../../firewall/firewall.ts';
import type { Config } from './config.ts';
import { SETTINGS, type SettingKey } from './settings.ts';

/** The firewall of [firewall]. Throws McblockError('config') if a setting is missing. */
export function configuredFirewall(config: Config): Promise<Firewall> {
  return openFirewall({
    kind: config.get('firewall.kind'),
    table: config.get('firewall.table'),
    pfctl: config.get('firewall.pfctl'),
    helper: config.get('firewall.helper'),
    nft: config.get('firewall.nft'),
    file: config.get('firewall.file'),
    command: config.get('firewall.command'),
  });
}

/** Which firewall that is. */
export function configuredKind(config: Config): ReturnType<typeof ownKind> {
  return ownKind(config.get('firewall.kind'));
}

/** Whether the configuration sets anything in [firewall]: commands that change entries update it. */
export function namesFirewall(config: Config): boolean {
  const keys = Object.keys(SETTINGS) as SettingKey[];
  return keys.some((key) => key.startsWith('firewall.') && config.sourceOf(key) !== 'default');
}
