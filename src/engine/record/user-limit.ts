import { type Entry, isActive, type Maker, type Seconds } from '../../blocklist/entry.ts';
import type { Policy } from '../../blocklist/policy.ts';
import { UserUsage } from '../../blocklist/user-usage.ts';
import type { Store } from '../../store/store.ts';

interface User {
  readonly usage: UserUsage;
  countedAt: Seconds | undefined;
}

/** Keeps what each user of the fleet has active here within the limits, during one transaction. */
export class UserLimit {
  readonly #store: Store;
  readonly #limits: Policy['limits'];
  readonly #now: Seconds;
  readonly #countSeconds: Seconds;
  readonly #users = new Map<string, User>();

  /** @param countSeconds what a user has active is not counted again before this time */
  constructor(store: Store, limits: Policy['limits'], now: Seconds, countSeconds: Seconds) {
    this.#store = store;
    this.#limits = limits;
    this.#now = now;
    this.#countSeconds = countSeconds;
  }

  /**
   * Whether the user may have the entry active too; if so they are charged with it. Administrators
   * have no limit, and earlier servers do not say who it was.
   */
  admits(entry: Entry, { by, byAdmin }: Maker): boolean {
    if (byAdmin || by === '' || !isActive(entry, this.#now)) return true;
    const user = this.#userOf(by);
    return user.usage.admits(entry.prefix) ?? this.#isWithinExactly(by, user, entry);
  }

  /** To be called at the end of the transaction. */
  record(): void {
    for (const [name, user] of this.#users) {
      const { countedAt } = user;
      const { usage } = user.usage;
      if (usage !== undefined && countedAt !== undefined) {
        this.#store.coverage.users.set(name, { ...usage, countedAt });
      }
    }
  }

  #isWithinExactly(by: string, user: User, { prefix }: Entry): boolean {
    const at = user.countedAt;
    if (at !== undefined && at <= this.#now && this.#now < at + this.#countSeconds) return false;
    user.usage.count(this.#store.coverage.users.active(by, this.#now));
    user.countedAt = this.#now;
    return user.usage.admits(prefix) === true;
  }

  #userOf(by: string): User {
    const known = this.#users.get(by);
    if (known !== undefined) return known;
    const stored = this.#store.coverage.users.get(by);
    const user = {
      usage: new UserUsage(this.#limits.user, stored),
      countedAt: stored?.countedAt,
    };
    this.#users.set(by, user);
    return user;
  }
}
