import { McblockError } from '../../errors.ts';
import type { Config } from './config.ts';

/** Throws McblockError('config') where the configuration names no API. */
export function requireFleet(config: Config): void {
  if (config.get('fleet.url') !== '') return;
  throw new McblockError(
    'config',
    'there is no fleet to share with: put url, user and password-file under [fleet] into the configuration',
  );
}
