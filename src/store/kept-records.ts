import type { Login } from '../blocklist/trust.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { StoreParts } from './parts.ts';
import { rowOfRecord, type StoreRecord } from './record.ts';
import { loginKey } from './undo.ts';

/** Keeps a prefix of the allow-list for undo, before it is changed or removed. */
export function keepAllowed({ undo, allowed }: StoreParts, prefix: Prefix): void {
  undo.recordChanges(JSON.stringify(['allow', formatPrefix(prefix)]), () => {
    const former = allowed.get(prefix);
    return former && { type: 'allow', allowed: former };
  });
}

/** Keeps a login for undo, before it is changed. */
export function keepLogin({ undo, logins }: StoreParts, changed: Login): void {
  undo.recordChanges(loginKey(changed), () => {
    const login = logins.get(changed);
    return login && { type: 'login', login };
  });
}

/** Keeps a feed for undo, before it is changed or removed. */
export function keepFeed({ undo, feeds }: StoreParts, name: string): void {
  undo.recordChanges(JSON.stringify(['feed', name]), () => {
    const feed = feeds.get(name);
    return feed && { type: 'feed', feed, prefixes: feeds.prefixesOf(name) };
  });
}

/** Removes offences that led to activations, from the prefix, and keeps them for undo. */
export function takeSpent({ connection, undo, spent }: StoreParts, prefix: Prefix): void {
  connection.together(() => {
    for (const offence of spent.take(prefix)) {
      const record = { type: 'pending', offence } as const;
      undo.recordChanges(JSON.stringify(['spent', rowOfRecord(record)]), () => record);
    }
  });
}

/** Restores a record that was kept; undefined: there was none. */
export function restoreRecord(parts: StoreParts, key: string, former: StoreRecord | undefined) {
  const [type, name, service, user] = JSON.parse(key) as [string, string, string, number];
  if (type === 'allow') parts.allowed.remove(parsePrefix(name));
  else if (type === 'feed') parts.feeds.remove(name);
  else if (type === 'login') {
    const address = parseAddress(name);
    if (address !== undefined) {
      parts.logins.remove({ address, service, user: user === 0 ? undefined : user });
    }
  }
  if (former?.type === 'allow') parts.allowed.put(former.allowed);
  else if (former?.type === 'feed') parts.feeds.replace(former.feed, former.prefixes);
  else if (former?.type === 'login') parts.logins.record([former.login]);
  else if (former?.type === 'pending') parts.spent.put(former.offence);
}
