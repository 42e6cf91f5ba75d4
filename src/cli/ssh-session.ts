import type { Protection } from '../blocklist/request.ts';
import { parseAddress } from '../net/address-text.ts';
import { hostPrefix } from '../net/prefix.ts';

/**
 * The address from which the user logged in by ssh, if any: the first field of SSH_CONNECTION
 * (ssh(1)).
 */
export function sessionProtections(env: NodeJS.ProcessEnv): readonly Protection[] {
  const [client = ''] = (env['SSH_CONNECTION'] ?? '').split(' ', 1);
  const address = parseAddress(client.replace(/%.*/, ''));
  return address === undefined ? [] : [{ prefix: hostPrefix(address), reason: 'session' }];
}
