import type { FastifyRequest } from 'fastify';
import { parseAddress } from '../net/address-text.ts';
import { prefixAround } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';

/** Whoever has one address of a /64 has all of them. */
const LENGTH6 = 64;

/** The peer's address; an IPv4-mapped one as IPv4. */
export function peerAddress({ ip }: FastifyRequest): string {
  return ip.startsWith('::ffff:') ? ip.slice('::ffff:'.length) : ip;
}

/** What is limited for a peer's address: an IPv4 address, or the /64 around an IPv6 one. */
export function peerNetwork(peer: string): string {
  const address = parseAddress(peer);
  if (address === undefined) return peer;
  return formatPrefix(prefixAround(address, address.family === 4 ? 32 : LENGTH6));
}
