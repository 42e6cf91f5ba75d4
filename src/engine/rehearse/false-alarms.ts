import type { Expiry, Seconds } from '../../blocklist/entry.ts';
import { keyOfAddress, type Login, trustedLogins } from '../../blocklist/trust.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';

/** An address from which somebody logged in after it was blocked. */
export interface FalseAlarm {
  readonly address: Address;
  readonly prefix: Prefix;
  readonly blockedAt: Seconds;
  readonly blockedUntil: Expiry;
  readonly loggedInAt: Seconds;
  /** The login would not have arrived. */
  readonly isLockedOut: boolean;
}

/** What an activation and a withdrawn one have in common. */
interface Block {
  readonly prefix: Prefix;
  readonly at: Seconds;
  readonly until: Expiry;
}

/**
 * Addresses that were blocked, and from which somebody logged in later, who was not trusted by then:
 * of each the first block in which they did, or else the first. Those whose block was withdrawn are
 * among them.
 */
export function falseAlarms(
  store: Store,
  logins: readonly Login[],
  { policyFor }: Policies,
): readonly FalseAlarm[] {
  const alarms: FalseAlarm[] = [];
  for (const own of byAddress(logins).values()) {
    const [{ address }] = own as [Login];
    const policy = policyFor(address);
    const times = own.flatMap(({ first, last }) => [first, last]);
    const wrong = blocksOf(store, address).filter(
      ({ at }) =>
        times.some((time) => time > at) && trustedLogins(own, [], at, at, policy).length === 0,
    );
    const isIn = ({ at, until }: Block) => times.some((time) => isBetween(time, at, until));
    const block = wrong.find(isIn) ?? wrong[0];
    if (block === undefined) continue;
    alarms.push({
      address,
      prefix: block.prefix,
      blockedAt: block.at,
      blockedUntil: block.until,
      loggedInAt: Math.min(...times.filter((time) => time > block.at)),
      isLockedOut: isIn(block),
    });
  }
  return alarms.toSorted((p, q) => compareAddresses(p.address, q.address));
}

function isBetween(time: Seconds, at: Seconds, until: Expiry): boolean {
  return time > at && (until === 'forever' || time < until);
}

/** The activations that contained the address, oldest first. */
function blocksOf(store: Store, address: Address): Block[] {
  const host = hostPrefix(address);
  const snapshot = store.snapshot();
  const active = store
    .supernets(host)
    .flatMap(({ prefix }) =>
      snapshot.activations(prefix).map(({ at, until }) => ({ prefix, at, until })),
    );
  const withdrawn = store.withdrawals
    .supernets(host)
    .map(({ prefix, activation: { at, until } }) => ({ prefix, at, until }));
  return [...active, ...withdrawn].toSorted((p, q) => p.at - q.at);
}

function byAddress(logins: readonly Login[]): Map<number | string, Login[]> {
  const found = new Map<number | string, Login[]>();
  for (const login of logins) {
    const key = keyOfAddress(login.address);
    const own = found.get(key);
    if (own === undefined) found.set(key, [login]);
    else own.push(login);
  }
  return found;
}
