import type { Protection } from '../blocklist/request.ts';
import { parseAddress } from '../net/address-text.ts';
import { hostPrefix } from '../net/prefix.ts';

/**
 * The address from which the person who types the command came by ssh, as sshd(8) leaves it in
 * SSH_CONNECTION: client address and port, server address and port. Nothing outside a session.
 */
export function sessionProtections(env: NodeJS.ProcessEnv): readonly Protection[] {
  const [client = ''] = (env['SSH_CONNECTION'] ?? '').split(' ', 1);
  const address = parseAddress(client.replace(/%.*/, ''));
  return address === undefined ? [] : [{ prefix: hostPrefix(address), reason: 'session' }];
}
