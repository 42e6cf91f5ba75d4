import { decide } from '../../blocklist/decide.ts';
import type { Entry, Expiry, Maker, Origin, Seconds } from '../../blocklist/entry.ts';
import { changeOf, changesActivation } from '../../blocklist/entry-change.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import type { Decision, Protection } from '../../blocklist/request.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { ShareLimit } from './share-limit.ts';

/** How a person wants prefixes to be blocked. */
export interface ManualBlock {
  readonly origin: Origin;
  readonly now: Seconds;
  /** Activations begin by then; before `now` if the clock may be ahead. Default: `now`. */
  readonly certain?: Seconds;
  /** Undefined leaves it to the penalty. */
  readonly until?: Expiry | undefined;
  /** This prefix, even if a wider expired entry would come back. */
  readonly exact?: boolean | undefined;
  /** Even if the prefix overlaps protected space, or too much would be active. */
  readonly force?: boolean | undefined;
  readonly note?: string | undefined;
  /** Default: this machine. */
  readonly maker?: Maker | undefined;
  /** Protected besides what the store and this host protect. */
  readonly protections?: readonly Protection[];
}

/** The data of a ban that another program made. */
export interface KnownBan {
  readonly since?: Seconds | undefined;
  readonly until?: Expiry | undefined;
  readonly reason?: string | undefined;
}

/** Blocks prefixes by hand, inside a transaction that the caller began. */
export class ManualBlocker {
  readonly #store: Store;
  readonly #space: ProtectedSpace;
  readonly #policies: Policies;
  readonly #block: ManualBlock;
  readonly #limit: ShareLimit;

  constructor(store: Store, policies: Policies, block: ManualBlock) {
    this.#store = store;
    this.#space = protectedSpace(store, policies, block.now).plus(block.protections ?? []);
    this.#policies = policies;
    this.#limit = new ShareLimit(store, policies.limits.share, block.now);
    this.#block = block;
  }

  /**
   * Decides, and stores the decision unless it is a refusal. A ban that ends keeps its times, even in
   * the past; one without an end begins now, unless it lasts forever. Throws McblockError: 'protected'
   * if more would be active than `limits.share` allows, unless forced; 'usage' if it ends before it
   * begins.
   * @param isAlone whether no entry contains the prefix or lies within it
   */
  block(prefix: Prefix, { since, until: end, reason }: KnownBan = {}, isAlone = false): Decision {
    const {
      origin,
      now,
      certain = now,
      exact = false,
      force = false,
      note = reason ?? '',
      maker,
    } = this.#block;
    const until = typeof end === 'number' ? end : (this.#block.until ?? end);
    const seen = Math.min(since ?? now, now);
    const at = until === undefined ? now : seen;
    const request = {
      kind: 'manual',
      origin,
      prefix,
      at,
      until,
      exact,
      force,
      note,
      maker,
    } as const;
    const policy = this.#policies.policyFor(prefix);
    const entries = isAlone ? [] : this.#store.around(prefix);
    const decision = begunBy(certain, decide(entries, this.#space, request, policy, now));
    if (decision.kind === 'refused') return decision;
    if (!force && changesActivation(decision)) this.#limit.require(decision.entry);
    const change = changeOf(decision, request, [], isAlone);
    this.#store.record(seen < now ? { ...change, entry: seenSince(change.entry, seen) } : change);
    return decision;
  }
}

/** Once a clock that was ahead is right, the block must not seem to begin in the future. */
function begunBy(certain: Seconds, decision: Decision): Decision {
  if (decision.kind !== 'new' && decision.kind !== 'reactivated') return decision;
  const { activatedAt = certain } = decision.entry;
  if (activatedAt <= certain) return decision;
  return { ...decision, entry: { ...decision.entry, activatedAt: certain } };
}

function seenSince(entry: Entry, since: Seconds): Entry {
  return { ...entry, firstSeen: Math.min(entry.firstSeen ?? since, since) };
}
