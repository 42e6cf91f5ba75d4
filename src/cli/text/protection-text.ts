import type { Protection } from '../../blocklist/request.ts';
import { shortPrefix } from '../../net/prefix-text.ts';

/** What protects, for the end of a sentence: `198.51.100.0/24 on the allow-list`. */
export function protectionText({ prefix, reason }: Protection): string {
  const place = shortPrefix(prefix);
  switch (reason) {
    case 'allowed':
      return `${place} on the allow-list`;
    case 'own':
      return `${place}, an address of this host`;
    case 'session':
      return `${place}, from where your ssh session comes`;
    case 'login':
      return `${place}, which logged in`;
    case 'private':
      return `${place}, private space`;
  }
}
