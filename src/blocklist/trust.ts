import type { Address } from '../net/address.ts';
import { hostPrefix } from '../net/prefix.ts';
import { type Entry, isActive, type Seconds } from './entry.ts';
import type { UserHash } from './offence.ts';
import { DAY_SECONDS, type Policy } from './policy.ts';
import type { Protection } from './request.ts';

/** Accepted logins from an address, of one user of one service. */
export interface Login {
  readonly address: Address;
  readonly service: string;
  readonly user: UserHash;
  /** The first and the last of them. */
  readonly first: Seconds;
  readonly last: Seconds;
  /** When the address last lost its trust; undefined if it never did. */
  readonly lost?: Seconds | undefined;
}

/** The part of the policy that says who is trusted. */
export type TrustPolicy = Pick<Policy, 'trust'>;

/** What trust depends on in an entry that contains the address. */
type Activation = Pick<Entry, 'activatedAt' | 'expiresAt'>;

const NONE: readonly Login[] = [];

/**
 * Of the logins from one address, those that make it trusted at this time: none if it is not. A
 * login counts for the trusted days after it, and for as many before it, as somebody who logs in
 * later was no attacker before. A login later than `now` counts for nothing: its clock was wrong.
 *
 * An address that lost its trust gets it back by a login after the entry that was active then has
 * expired, or at once if there is no such entry any more.
 * @param entries those that contain the address
 */
export function trustedLogins(
  logins: readonly Login[],
  entries: readonly Activation[],
  at: Seconds,
  now: Seconds,
  policy: TrustPolicy,
): readonly Login[] {
  const since = restoredAt(logins, entries, at);
  if (since === undefined) return NONE;
  const near = logins.filter((login) => isNear(login, at, now, policy) && login.last > since);
  return near.length === 0 ? NONE : near;
}

/**
 * Whether a failure of this user does not count at this time: the user logged in from there before
 * it, in the trusted days.
 * @param logins those that make the address trusted
 */
export function isExcused(user: UserHash, logins: readonly Login[], at: Seconds): boolean {
  return user !== undefined && logins.some((login) => login.user === user && login.first <= at);
}

/** The protections by these logins, which may be from many addresses, at the present time. */
export function trustedProtections(
  logins: readonly Login[],
  entriesAround: (address: Address) => readonly Activation[],
  now: Seconds,
  policy: TrustPolicy,
): readonly Protection[] {
  const byAddress = new Map<number | string, Login[]>();
  for (const login of logins) {
    const key = keyOfAddress(login.address);
    const own = byAddress.get(key);
    if (own === undefined) byAddress.set(key, [login]);
    else own.push(login);
  }
  const protections: Protection[] = [];
  for (const own of byAddress.values()) {
    const [{ address }] = own as [Login];
    const entries = own.some(({ lost }) => lost !== undefined) ? entriesAround(address) : [];
    if (trustedLogins(own, entries, now, now, policy).length > 0) {
      protections.push({ prefix: hostPrefix(address), reason: 'login' });
    }
  }
  return protections;
}

/** The time of the earliest login that makes its address trusted at this time. */
export function trustedSince(at: Seconds, { trust }: TrustPolicy): Seconds {
  return at - trust.days * DAY_SECONDS;
}

/** The same for equal addresses alone. A number if possible, which is faster than a text. */
export function keyOfAddress({ family, a, b, c, d }: Address): number | string {
  return family === 4 ? a : `${a}:${b}:${c}:${d}`;
}

/**
 * Only later logins count at this time; undefined if none does, as the address lost its trust and
 * the entry so made is active.
 */
function restoredAt(
  logins: readonly Login[],
  entries: readonly Activation[],
  at: Seconds,
): Seconds | undefined {
  let lost = Number.NEGATIVE_INFINITY;
  for (const login of logins) lost = Math.max(lost, login.lost ?? lost);
  // What was judged before the loss stays as it was.
  if (lost > at) return Number.NEGATIVE_INFINITY;
  let restored = Number.NEGATIVE_INFINITY;
  for (const entry of entries) {
    if (!isActive(entry, lost)) continue;
    if (isActive(entry, at) || entry.expiresAt === 'forever') return undefined;
    restored = Math.max(restored, entry.expiresAt - 1);
  }
  return restored;
}

function isNear(
  { service, first, last }: Login,
  at: Seconds,
  now: Seconds,
  { trust }: TrustPolicy,
): boolean {
  const { days, services } = trust;
  if (services !== undefined && !services.includes(service)) return false;
  const span = days * DAY_SECONDS;
  if (span === 0) return false;
  // If a span ends in the future, only its beginning is believed.
  const end = last <= now ? last : first;
  return first <= Math.min(at + span, now) && at <= end + span;
}
