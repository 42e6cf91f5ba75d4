import { type Address, compareAddresses } from '../net/address.ts';
import { embeddedPrefix } from '../net/embedded.ts';
import { comparePrefixes, contains, containsPrefix, overlaps, type Prefix } from '../net/prefix.ts';
import type { Protection, ProtectionReason } from './request.ts';

/** What also protects against requests by hand. */
export const REASONS_BY_HAND: readonly ProtectionReason[] = ['allowed', 'own', 'session', 'proxy'];

/** If several apply, the first is named. */
const REASONS: readonly ProtectionReason[] = [
  'allowed',
  'own',
  'session',
  'proxy',
  'login',
  'private',
  'connected',
];

/** The protections of one reason: only the widest, sorted and disjoint. */
interface Layer {
  readonly reason: ProtectionReason;
  readonly sorted: readonly Protection[];
}

/**
 * The addresses that must not be blocked, and the IPv6 addresses that embed one of them. A value, with
 * a sorted layer per reason.
 */
export class ProtectedSpace {
  readonly #layers: readonly Layer[];
  readonly #nat64: readonly Prefix[];

  /**
   * @param nat64 the prefixes of NAT64 translators besides the well-known one
   * @param base whose layers are reused
   */
  constructor(
    protections: Iterable<Protection>,
    nat64: readonly Prefix[] = [],
    base?: ProtectedSpace,
  ) {
    this.#nat64 = nat64;
    const added = [...protections];
    this.#layers = REASONS.map((reason) => {
      const old =
        (base === undefined ? [] : base.#layers).find((layer) => layer.reason === reason)?.sorted ??
        [];
      const more = added.filter((protection) => protection.reason === reason);
      return { reason, sorted: more.length === 0 ? old : widest([...old, ...more]) };
    }).filter(({ sorted }) => sorted.length > 0);
  }

  /** This space with more protections. */
  plus(protections: readonly Protection[]): ProtectedSpace {
    return protections.length === 0 ? this : new ProtectedSpace(protections, this.#nat64, this);
  }

  /** The first protection, for one of these reasons, that overlaps the prefix or what it embeds. */
  overlapping(prefix: Prefix, reasons = REASONS): Protection | undefined {
    const embedded = embeddedPrefix(prefix, this.#nat64);
    return this.#overlapping(prefix, reasons) ?? (embedded && this.#overlapping(embedded, reasons));
  }

  /** The first protection that contains the whole prefix or what it embeds. */
  containing(prefix: Prefix): Protection | undefined {
    const embedded = embeddedPrefix(prefix, this.#nat64);
    return this.#containing(prefix) ?? (embedded && this.#containing(embedded));
  }

  /**
   * All protections that overlap the prefix: of each reason those that contain it or are the widest
   * in it. What it embeds is not regarded.
   */
  *allOverlapping(prefix: Prefix): Generator<Protection> {
    for (const { sorted } of this.#layers) yield* overlappingIn(sorted, prefix);
  }

  #overlapping(prefix: Prefix, reasons: readonly ProtectionReason[]): Protection | undefined {
    for (const { reason, sorted } of this.#layers) {
      if (reasons !== REASONS && !reasons.includes(reason)) continue;
      for (const protection of overlappingIn(sorted, prefix)) return protection;
    }
    return undefined;
  }

  #containing(prefix: Prefix): Protection | undefined {
    for (const { sorted } of this.#layers) {
      const before = sorted[indexAfter(sorted, prefix) - 1];
      if (before !== undefined && containsPrefix(before.prefix, prefix)) return before;
    }
    return undefined;
  }
}

/** Sorted, without those that lie within another. */
function widest(protections: readonly Protection[]): readonly Protection[] {
  const kept: Protection[] = [];
  for (const protection of protections.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix))) {
    const last = kept.at(-1);
    if (last === undefined || !containsPrefix(last.prefix, protection.prefix))
      kept.push(protection);
  }
  return kept;
}

/** Those of one layer that overlap the prefix: one that contains it, or those within it, in order. */
function* overlappingIn(layer: readonly Protection[], prefix: Prefix): Generator<Protection> {
  let index = indexAfter(layer, prefix);
  const before = layer[index - 1];
  if (before !== undefined && overlaps(before.prefix, prefix)) yield before;
  for (let after = layer[index]; after !== undefined; after = layer[++index]) {
    if (!contains(prefix, after.prefix)) return;
    yield after;
  }
}

/** The number that begin at or before the address. */
function indexAfter(layer: readonly Protection[], address: Address): number {
  let low = 0;
  let high = layer.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const protection = layer[middle];
    if (protection !== undefined && compareAddresses(protection.prefix, address) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
