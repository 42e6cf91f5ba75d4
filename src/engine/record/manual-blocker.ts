import { decide } from '../../blocklist/decide.ts';
import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
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
  /** Undefined leaves it to the penalty. */
  readonly until?: Expiry | undefined;
  /** This prefix, even if a wider expired entry would come back. */
  readonly exact?: boolean | undefined;
  /** Even if the prefix overlaps protected space, or too much would be active. */
  readonly force?: boolean | undefined;
  readonly note?: string | undefined;
  /** Protected besides what the store and this host protect. */
  readonly protections?: readonly Protection[];
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
    this.#space = protectedSpace(store, policies.nat64).plus(block.protections ?? []);
    this.#policies = policies;
    this.#limit = new ShareLimit(store, policies.share, block.now);
    this.#block = block;
  }

  /**
   * The decision, which is stored unless it is a refusal. Throws McblockError('protected') if more
   * would be active than `limits.share` allows, unless forced.
   */
  block(prefix: Prefix): Decision {
    const { origin, now, until, exact = false, force = false, note = '' } = this.#block;
    const request = { kind: 'manual', origin, prefix, at: now, until, exact, force, note } as const;
    const policy = this.#policies.policyFor(prefix);
    const entries = this.#store.around(prefix);
    const decision = decide(entries, this.#space, request, policy, now);
    if (decision.kind === 'refused') return decision;
    if (!force && changesActivation(decision)) this.#limit.require(decision.entry);
    this.#store.record(changeOf(decision, request));
    return decision;
  }
}
