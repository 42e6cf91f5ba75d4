import { type Usage, UserUsage } from '../blocklist/user-usage.ts';
import type { Prefix } from '../net/prefix.ts';
import type { FleetSnapshot } from './fleet-store.ts';

/** What the users of the reports of one transaction have active. */
export class Charges {
  readonly #budget: Usage;
  readonly #snapshot: Pick<FleetSnapshot, 'usage' | 'activeOf'>;
  readonly #users = new Map<string, UserUsage>();
  readonly #uncounted = new Set<string>();

  constructor(snapshot: Pick<FleetSnapshot, 'usage' | 'activeOf'>, budget: Usage) {
    this.#snapshot = snapshot;
    this.#budget = budget;
  }

  /** Whether the user may have this active too; if so they are charged with it. */
  charge(by: string, prefix: Prefix): boolean {
    const isWithin = this.#usageOf(by).admits(prefix);
    if (isWithin === undefined) this.#uncounted.add(by);
    return isWithin ?? false;
  }

  /** Users who were refused because what they have active is not counted. */
  get uncounted(): ReadonlySet<string> {
    return this.#uncounted;
  }

  /** Of the users who were charged. */
  usage(): ReadonlyMap<string, Usage> {
    const known = Array.from(this.#users, ([by, { usage }]) => [by, usage] as const);
    return new Map(known.flatMap(([by, usage]) => (usage === undefined ? [] : [[by, usage]])));
  }

  #usageOf(by: string): UserUsage {
    const known = this.#users.get(by);
    if (known !== undefined) return known;
    const usage = new UserUsage(this.#budget, this.#snapshot.usage.get(by));
    const active = this.#snapshot.activeOf.get(by);
    if (active !== undefined) usage.count(active);
    this.#users.set(by, usage);
    return usage;
  }
}
