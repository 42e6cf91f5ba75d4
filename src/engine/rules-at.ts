import type { Seconds } from '../blocklist/entry.ts';
import { rulesOf } from '../blocklist/rules.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Store } from '../store/store.ts';

/** The rules that the firewall should hold at that time. Throws the same errors as rulesOf. */
export function rulesAt(store: Store, at: Seconds): PrefixList {
  const allowed = PrefixList.from(store.allowed().map(({ prefix }) => prefix));
  return rulesOf(store.activePrefixes(at), allowed);
}
