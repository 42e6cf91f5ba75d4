import type { Protection } from '../../blocklist/request.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import { shortTime } from './time.ts';

/** What protects an address: `198.51.100.0/24 (allow-list)`. */
export function protectionText({ prefix, reason, until }: Protection): string {
  const name = shortPrefix(prefix);
  switch (reason) {
    case 'allowed':
      return `${name} (allow-list${until === undefined ? '' : ` until ${shortTime(until)} UTC`})`;
    case 'own':
      return `${name} (this host)`;
    case 'session':
      return `${name} (your ssh session)`;
    case 'proxy':
      return `${name} (trusted proxy)`;
    case 'login':
      return `${name} (trusted address)`;
    case 'private':
      return `${name} (private space)`;
    case 'ignored':
      return `${name} (a rule of the policy)`;
    case 'connected':
      return `${name} (a network of this host)`;
  }
}
