import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { shortPrefix } from '../net/prefix-text.ts';
import type { Store } from '../store/store.ts';

/** The error about an entry that does not exist, or is not in the state that a command needs. */
export function notFound(store: Store, prefix: Prefix, state = ''): McblockError {
  const around = store.supernets(prefix).findLast((other) => other.prefix.length < prefix.length);
  const hint = around ? ` (contained in ${shortPrefix(around.prefix)})` : '';
  const name = shortPrefix(prefix);
  const what = store.get(prefix) ? `${name} ${state}` : `no entry for ${name}`;
  return new McblockError('input', `${what}${hint}; nothing changed`);
}
