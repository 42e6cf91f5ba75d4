import { type Entry, outlasts, type Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { needsQuorum } from '../blocklist/quorum.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Claim } from './fleet-store.ts';
import { limitedUntil } from './limits.ts';
import type { Reporter } from './report.ts';

type ClaimPolicy = Pick<Policy, 'limits' | 'auto'>;

/** The claims to the wide prefixes of the reports of one transaction, and to what contains them. */
export class Claims {
  readonly #policy: ClaimPolicy;
  readonly #at: Seconds;
  readonly #claims = new PrefixMap<Map<string, Claim>>();
  /** By prefix and user. */
  readonly #written = new PrefixMap<Map<string, Claim>>();

  constructor(claims: readonly Claim[], policy: ClaimPolicy, at: Seconds) {
    this.#policy = policy;
    this.#at = at;
    for (const claim of claims) put(this.#claims, claim);
  }

  /**
   * The prefix of the entry if it is not to be blocked because other machines have to report it too.
   * From now on this user claims it.
   */
  heldOf({ prefix, byAdmin, expiresAt }: Entry, by: Reporter): Prefix | undefined {
    if (by.isAdmin || byAdmin || !needsQuorum(prefix, this.#policy)) return undefined;
    const until = limitedUntil(expiresAt, by, this.#at) ?? expiresAt;
    const claim = { prefix, by: by.name, until };
    put(this.#claims, claim);
    put(this.#written, claim);
    return this.#users(prefix).size < this.#policy.limits.quorum ? prefix : undefined;
  }

  /** The prefix is active: nobody waits for it any more. Returns the others who claimed it. */
  settle(prefix: Prefix, { name }: Reporter): readonly string[] {
    if (!needsQuorum(prefix, this.#policy)) return [];
    const users = this.#users(prefix);
    for (const by of this.#claims.get(prefix)?.keys() ?? []) this.drop(prefix, by);
    return [...users].filter((by) => by !== name);
  }

  /** The users who claim the prefix or one that contains it. */
  #users(prefix: Prefix): ReadonlySet<string> {
    const around = this.#claims.supernets(prefix).flatMap(({ value }) => [...value.values()]);
    const valid = around.filter(({ until }) => outlasts(until, this.#at));
    return new Set(valid.map(({ by }) => by));
  }

  /** The user does not claim exactly this prefix any more. */
  drop(prefix: Prefix, by: string): void {
    const claim = this.#claims.get(prefix)?.get(by);
    if (claim === undefined) return;
    const over = { ...claim, until: this.#at };
    put(this.#claims, over);
    put(this.#written, over);
  }

  /** Those that changed. */
  written(): readonly Claim[] {
    return Array.from(this.#written.values(), (claims) => [...claims.values()]).flat();
  }
}

function put(claims: PrefixMap<Map<string, Claim>>, claim: Claim): void {
  const of = claims.get(claim.prefix) ?? new Map<string, Claim>();
  of.set(claim.by, claim);
  claims.set(claim.prefix, of);
}
