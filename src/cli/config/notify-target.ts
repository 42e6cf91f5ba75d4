import type { NotifyTarget } from '../../engine/notify/deliver.ts';
import { McblockError } from '../../errors.ts';
import { readSecretFile } from '../../fleet/secret-file.ts';
import type { Config } from './config.ts';
import { readPem } from './pem.ts';

export function hasNotifyTarget(config: Config): boolean {
  return config.get('notify.command').length > 0 || config.get('notify.url') !== '';
}

/** Where [notify] sends to. Throws McblockError('config'). */
export function notifyTarget(config: Config): NotifyTarget {
  const [program, ...args] = config.get('notify.command');
  const url = config.get('notify.url');
  if ((program === undefined) === (url === '')) {
    const only = url === '' ? '' : ', not both,';
    throw new McblockError(
      'config',
      `set notify.command or notify.url${only} in the configuration`,
    );
  }
  if (program !== undefined) return { command: [program, ...args] };
  const file = config.get('notify.token-file');
  const ca = config.get('notify.ca');
  return {
    url,
    token: file === '' ? undefined : readSecretFile(file, 'notify.token-file').trim(),
    ca: ca === '' ? undefined : readPem(ca, 'notify.ca'),
  };
}
