import { networkInterfaces } from 'node:os';
import type { Address } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';

/** The addresses of this host's interfaces, link-local ones without their zone. */
export function ownAddresses(): Address[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => parseAddress(address.replace(/%.*/, '')))
    .filter((address) => address !== undefined);
}
