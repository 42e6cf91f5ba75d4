import type { Protection } from '../../blocklist/request.ts';
import { shortPrefix } from '../../net/prefix-text.ts';

/** What protects an address: `198.51.100.0/24 (allow-list)`. */
export function protectionText({ prefix, reason }: Protection): string {
  const name = shortPrefix(prefix);
  switch (reason) {
    case 'allowed':
      return `${name} (allow-list)`;
    case 'own':
      return `${name} (this host)`;
    case 'session':
      return `${name} (your ssh session)`;
    case 'login':
      return `${name} (trusted address)`;
    case 'private':
      return `${name} (private space)`;
    case 'connected':
      return `${name} (a network of this host)`;
  }
}
