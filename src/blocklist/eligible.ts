import { embeddedPrefix } from '../net/embedded.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Entry } from './entry.ts';
import { automaticPrefix, type Policy } from './policy.ts';

/**
 * Whether a request for the prefix may reactivate this entry, which contains the offender. The entry
 * of the prefix itself and narrower ones always may: an entry is new only once. A wider one may not
 * - if it was expired by hand;
 * - if it is wider than the automatic length and nobody vouches for that: a person on this machine,
 *   or an administrator of the fleet, who made it;
 * - if it is wider than the policy allows;
 * - if it is a bogon, and the offender was not seen on an external interface. What was seen there can
 *   be forged: it reactivates bogons, and entries no wider than the automatic length.
 */
export function isEligible(
  entry: Entry,
  prefix: Prefix,
  external: boolean,
  policy: Policy,
): boolean {
  const { length, family } = entry.prefix;
  if (length >= prefix.length) return true;
  if (entry.endedAt !== undefined) return false;
  if (entry.origin === 'bogon') return external;
  if (length >= automaticPrefix(entry.prefix, policy).length) return true;
  if (external || !isVouchedFor(entry)) return false;
  const { widest4, widest6 } = policy.reactivate;
  const { nat64 } = policy.auto;
  if (embeddedPrefix(prefix, nat64) !== undefined) {
    // An entry around a NAT64 prefix holds the whole IPv4 internet.
    const embedded = embeddedPrefix(entry.prefix, nat64);
    return embedded !== undefined && embedded.length >= widest4;
  }
  return length >= (family === 4 ? widest4 : widest6);
}

/** Whether a person made it: by hand or by import on this machine, or an administrator. */
function isVouchedFor({ origin, by, byAdmin }: Entry): boolean {
  return byAdmin || (by === '' && (origin === 'manual' || origin === 'import'));
}

/**
 * The points that a prefix needs to reactivate this expired entry, which contains it or lies within
 * it: one offence up to /16 (IPv6: /32), as many as for a new entry if it is wider or was never
 * active.
 */
export function pointsNeeded({ prefix, activations }: Entry, policy: Policy): number {
  const { offence, reactivate } = policy;
  return activations === 0 || isWide(prefix, policy)
    ? offence.points
    : Math.min(offence.points, reactivate.points);
}

/** Wider than /16 (IPv6: /32): more evidence is needed for it. */
export function isWide(prefix: Prefix, { auto }: Policy): boolean {
  const { family, length } = embeddedPrefix(prefix, auto.nat64) ?? prefix;
  return length < (family === 4 ? 16 : 32);
}
