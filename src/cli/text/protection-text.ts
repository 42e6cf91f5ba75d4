import type { Protection } from '../../blocklist/request.ts';
import { shortPrefix } from '../../net/prefix-text.ts';

/** What protects an address: `198.51.100.0/24 (allow-list)`. */
export function protectionText({ prefix, reason }: Protection): string {
  const place = shortPrefix(prefix);
  switch (reason) {
    case 'allowed':
      return `${place} (allow-list)`;
    case 'own':
      return `${place} (this host)`;
    case 'session':
      return `${place} (your ssh session)`;
    case 'login':
      return `${place} (trusted address)`;
    case 'private':
      return `${place} (private space)`;
    case 'connected':
      return `${place} (a network of this host)`;
  }
}
