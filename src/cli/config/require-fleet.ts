import { McblockError } from '../../errors.ts';
import type { Config } from './config.ts';

/** Throws McblockError('config') if no API is configured. */
export function requireFleet(config: Config): void {
  if (config.get('fleet.url') !== '') return;
  throw new McblockError(
    'config',
    'no fleet configured: set url, user and password-file under [fleet]',
  );
}
