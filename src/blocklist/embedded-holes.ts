import type { Address } from '../net/address.ts';
import { embeddedBeside, embeddedPrefix, embeddingsOf } from '../net/embedded.ts';
import { contains, containsPrefix, hostPrefix, type Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { ProtectedSpace } from './protect.ts';
import type { Protection } from './request.ts';

/**
 * The holes, and those that they make among IPv6 addresses which embed an IPv4 one. Some embeddings
 * have other bits before it, so that only holes within an active prefix can be told.
 * @param nat64 the prefixes of NAT64 translators besides the well-known one
 */
export function withEmbedded(
  holes: readonly Protection[],
  active: PrefixList,
  nat64: readonly Prefix[],
): readonly Protection[] {
  const run = active.runs[6];
  if (run.size === 0) return holes;
  const found = [...holes];
  for (const { prefix, reason } of holes) {
    if (prefix.family === 6) continue;
    for (const embedding of embeddingsOf(prefix, nat64)) found.push({ prefix: embedding, reason });
  }
  const space = new ProtectedSpace(holes.filter(({ prefix }) => prefix.family === 4));
  for (let index = 0; index < run.size; index++) {
    if ((run.lengths[index] ?? 0) < MIN_LENGTH || !isVaried(run.networks[index * run.stride]))
      continue;
    const prefix = run.at(index);
    const embedded = embeddedPrefix(prefix, nat64);
    if (embedded === undefined) continue;
    for (const hole of space.allOverlapping(embedded)) {
      const inner = embeddedBeside(hole.prefix, prefix, nat64);
      if (inner === undefined) break;
      const isWhole = containsPrefix(hole.prefix, embedded);
      found.push({ prefix: isWhole ? prefix : inner, reason: hole.reason });
    }
  }
  return found;
}

/**
 * Whether the rules for this active prefix have a hole at an address that embeds a protected one: not
 * if the prefix lacks bits before it, or if the address has bits there that no translator writes.
 */
export function hasEmbeddedHole(
  active: Prefix,
  address: Address,
  nat64: readonly Prefix[],
): boolean {
  const embedded = embeddedPrefix(hostPrefix(address), nat64);
  if (embedded === undefined) return false;
  const beside = embeddedBeside(embedded, active, nat64);
  const all = embeddingsOf(embedded, nat64).concat(beside ?? []);
  return all.some((prefix) => contains(prefix, address));
}

/** The IPv4 address comes last in those embeddings. */
const MIN_LENGTH = 96;

/** Whether an address with this first word may be in an embedding with other bits before. */
function isVaried(word: number | undefined): boolean {
  return word === 0x0064_ff9b || word === 0x2001_0000;
}
