import type { FastifyRequest } from 'fastify';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { contains, type Prefix, prefixAround } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';

/** Whoever has one address of a /64 has all of them. */
const LENGTH6 = 64;

/**
 * The peer's address; an IPv4-mapped one as IPv4. Behind a proxy it is what the proxy calls its own peer,
 * if that is an address.
 */
export function peerAddress({ ip, socket }: FastifyRequest): string {
  const { remoteAddress = '' } = socket;
  const address = parseAddress(ip ?? '') ?? parseAddress(remoteAddress);
  return address === undefined ? remoteAddress : formatAddress(address);
}

/** What is limited for a peer's address: an IPv4 address, or the /64 around an IPv6 one. */
export function peerNetwork(peer: string): string {
  const address = parseAddress(peer);
  if (address === undefined) return peer;
  return formatPrefix(prefixAround(address, address.family === 4 ? 32 : LENGTH6));
}

/** Whether a peer has one of these addresses. */
export function isAmong(prefixes: readonly Prefix[], peer: string): boolean {
  const address = parseAddress(peer);
  return address !== undefined && prefixes.some((prefix) => contains(prefix, address));
}
