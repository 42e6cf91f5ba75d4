import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { localPartOf } from '../blocklist/bogons.ts';
import { type Address, FAMILY_BITS } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';

/** The addresses of this host's interfaces, link-local ones without their zone. */
export function ownAddresses(): Address[] {
  return interfaceAddresses().map(({ address }) => address);
}

/** The private, link-local and shared networks in which an interface of this host is. */
export function connectedNetworks(): Prefix[] {
  return interfaceAddresses()
    .map(({ address, length }) => localPartOf(prefixAround(address, length)))
    .filter((network) => network !== undefined);
}

/** The addresses of all interfaces; changes if an interface gets or loses one. */
export function interfacesText(): string {
  return interfaces()
    .map(({ address, netmask }) => `${address} ${netmask}`)
    .join(', ');
}

function interfaceAddresses(): { address: Address; length: number }[] {
  return interfaces().flatMap(({ address: text, cidr }) => {
    const address = parseAddress(text.replace(/%.*/, ''));
    if (address === undefined) return [];
    // Node gives no prefix where the netmask is not contiguous.
    const length = cidr === null ? FAMILY_BITS[address.family] : Number(cidr.replace(/.*\//, ''));
    return [{ address, length }];
  });
}

function interfaces(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
