import type { Login } from '../../src/blocklist/trust.ts';
import type { Address } from '../../src/net/address.ts';

/** One login to sshd of a user who is not known; every field that is not given has a plain value. */
export function loginOf(address: Address, at: number, over: Partial<Login> = {}): Login {
  const { family, a, b, c, d } = address;
  const plain = { service: 'sshd', user: undefined, first: at, last: at, lost: undefined };
  return { address: { family, a, b, c, d }, ...plain, ...over };
}
