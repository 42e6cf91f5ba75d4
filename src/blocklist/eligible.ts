import { embeddedPrefix } from '../net/embedded.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Entry } from './entry.ts';
import { automaticPrefix, type Policy } from './policy.ts';

/**
 * Whether a request for the prefix may reactivate this entry, which contains the offender. The entry
 * of the prefix itself and narrower ones always may: an entry is new only once. A wider one may
 * unless it is wider than the policy allows, or is a bogon and the offender was not seen on an
 * external interface. What was seen there can be forged: it reactivates bogons, and entries no wider
 * than the automatic length.
 */
export function isEligible(
  entry: Entry,
  prefix: Prefix,
  external: boolean,
  policy: Policy,
): boolean {
  const { length, family } = entry.prefix;
  if (length >= prefix.length) return true;
  if (entry.origin === 'bogon') return external;
  if (external) return length >= automaticPrefix(entry.prefix, policy).length;
  const { widest4, widest6 } = policy.reactivate;
  const { nat64 } = policy.auto;
  if (embeddedPrefix(prefix, nat64) !== undefined) {
    // An entry around a NAT64 prefix holds the whole IPv4 internet.
    const embedded = embeddedPrefix(entry.prefix, nat64);
    return embedded !== undefined && embedded.length >= widest4;
  }
  return length >= (family === 4 ? widest4 : widest6);
}

/**
 * The points that a prefix needs to reactivate this expired entry, which contains it or lies within
 * it: one offence up to /16 (IPv6: /32), as many as for a new entry if it is wider or was never
 * active.
 */
export function pointsNeeded({ prefix, activations }: Entry, policy: Policy): number {
  const { offence, reactivate } = policy;
  const { family, length } = embeddedPrefix(prefix, policy.auto.nat64) ?? prefix;
  const isWide = length < (family === 4 ? 16 : 32);
  return activations === 0 || isWide ? offence.points : Math.min(offence.points, reactivate.points);
}
