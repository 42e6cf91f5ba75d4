import { embeddedPrefix } from '../net/embedded.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Login } from './trust.ts';

/** The logins within the prefix, and within the IPv4 prefix that it embeds. */
export function loginsAround(
  loginsWithin: (prefix: Prefix) => readonly Login[],
  prefix: Prefix,
  nat64: readonly Prefix[],
): readonly Login[] {
  const embedded = embeddedPrefix(prefix, nat64);
  const logins = loginsWithin(prefix);
  return embedded === undefined ? logins : [...logins, ...loginsWithin(embedded)];
}
