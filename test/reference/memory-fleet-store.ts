import { isActive, outlasts } from '../../src/blocklist/entry.ts';
import type { Usage } from '../../src/blocklist/user-usage.ts';
import type { FleetFeed, FleetFeeds } from '../../src/fleet/fleet-feeds.ts';
import type {
  Changed,
  Claim,
  EntryHistory,
  FleetActivation,
  FleetAllowed,
  FleetChange,
  FleetEntry,
  FleetEvidence,
  FleetOffence,
  FleetSnapshot,
  FleetStore,
  SnapshotQuery,
} from '../../src/fleet/fleet-store.ts';
import type { User, UserChange, UserKey } from '../../src/fleet/user.ts';
import { compareAddresses } from '../../src/net/address.ts';
import { containsPrefix, type Prefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix } from '../../src/net/prefix-text.ts';

class MemoryFleetFeeds implements FleetFeeds {
  readonly #feeds = new Map<string, readonly [FleetFeed, string]>();

  async all(): Promise<readonly FleetFeed[]> {
    const feeds = Array.from(this.#feeds.values(), ([feed]) => feed);
    return feeds.toSorted((p, q) => (p.name < q.name ? -1 : 1));
  }

  async list(name: string): Promise<string | undefined> {
    return this.#feeds.get(name)?.[1];
  }

  async put(feed: FleetFeed, list: string): Promise<void> {
    this.#feeds.set(feed.name, [feed, list]);
  }

  async remove(name: string): Promise<boolean> {
    return this.#feeds.delete(name);
  }
}

/** The slow, obvious fleet's store: plain maps that are searched from end to end. */
export class MemoryFleetStore implements FleetStore {
  readonly feeds = new MemoryFleetFeeds();
  #sequence = 0;
  #identity = 'memory';
  readonly #entries = new Map<string, FleetEntry>();
  readonly #allowed = new Map<string, FleetAllowed>();
  readonly #past: FleetActivation[] = [];
  readonly #evidence = new Map<string, FleetEvidence>();
  readonly #keys = new Map<string, number>();
  readonly #usage = new Map<string, Usage>();
  readonly #claims = new Map<string, Claim>();
  readonly #offences = new Map<string, FleetOffence>();
  readonly #users = new Map<string, User>();
  readonly #userKeys = new Map<string, UserKey>();

  async sequence(): Promise<number> {
    return this.#sequence;
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  async renewIdentity(): Promise<void> {
    this.#identity += "'";
  }

  async change(
    { prefixes, keys, activeAt, users, counted, claimed, offenders, now }: SnapshotQuery,
    decide: (past: FleetSnapshot) => FleetChange,
  ): Promise<void> {
    const change = decide({
      sequence: this.#sequence,
      entries: [...this.#entries.values()].filter(
        ({ entry }) =>
          prefixes.some((prefix) => containsPrefix(entry.prefix, prefix)) ||
          (activeAt !== undefined && isActive(entry, activeAt)),
      ),
      allowed: [...this.#allowed.values()],
      evidenceCounts: [...this.#entries.values()].map(({ entry }) => {
        const { prefix, activations } = entry;
        const rows = [...this.#evidence.values()].filter(
          (row) =>
            formatPrefix(row.prefix) === formatPrefix(prefix) && row.activation === activations,
        );
        return { prefix, count: rows.length };
      }),
      usage: new Map([...this.#usage].filter(([user]) => users.includes(user))),
      activeOf: new Map(
        counted.map((user) => {
          const own = [...this.#entries.values()].filter(
            ({ entry, activation }) => activation.by === user && isActive(entry, now),
          );
          return [user, PrefixList.from(own.map(({ entry }) => entry.prefix))];
        }),
      ),
      claims: [...this.#claims.values()].filter((claim) =>
        claimed.some((prefix) => containsPrefix(claim.prefix, prefix)),
      ),
      offences: [...this.#offences.values()].filter(({ network }) =>
        offenders.some((one) => formatPrefix(one) === formatPrefix(network)),
      ),
      keys: keys.filter(({ by, key }) => this.#keys.has(`${by} ${key}`)),
    });
    this.#sequence = change.sequence;
    for (const held of change.entries) this.#entries.set(formatPrefix(held.entry.prefix), held);
    for (const row of change.allowed) this.#allowed.set(formatPrefix(row.prefix), row);
    this.#past.push(...change.past);
    for (const row of change.evidence) {
      const { count, firstSeen, lastSeen, port, ...rest } = row;
      const key = JSON.stringify(rest);
      const old = this.#evidence.get(key);
      this.#evidence.set(key, {
        ...row,
        port: old !== undefined && old.lastSeen > lastSeen ? old.port : port,
        count: count + (old?.count ?? 0),
        firstSeen: Math.min(firstSeen, old?.firstSeen ?? firstSeen),
        lastSeen: Math.max(lastSeen, old?.lastSeen ?? lastSeen),
      });
    }
    for (const [user, usage] of change.usage) this.#usage.set(user, usage);
    for (const claim of change.claims) {
      this.#claims.set(`${formatPrefix(claim.prefix)} ${claim.by}`, claim);
    }
    for (const { network, address, by } of change.takenBack) {
      for (const [key, one] of this.#offences) {
        const isSame = compareAddresses(one.address, address) === 0 && one.by === by;
        if (isSame && key.startsWith(`${formatPrefix(network)} `)) this.#offences.delete(key);
      }
    }
    for (const offence of change.offences) {
      this.#offences.set(`${formatPrefix(offence.network)} ${offence.event}`, offence);
    }
    const machines = new Set(change.offences.map(({ by }) => by));
    for (const [key, { by, at }] of this.#offences) {
      if (machines.has(by) && at <= change.forgetsTo) this.#offences.delete(key);
    }
    for (const { by, key } of change.keys) this.#keys.set(`${by} ${key}`, change.at);
  }

  async changesSince(sequence: number, limit: number): Promise<readonly Changed[]> {
    return [
      ...Array.from(this.#entries.values(), (value): Changed => ({ kind: 'entry', value })),
      ...Array.from(this.#allowed.values(), (value): Changed => ({ kind: 'allowed', value })),
    ]
      .filter(({ value }) => value.sequence > sequence)
      .toSorted((p, q) => p.value.sequence - q.value.sequence)
      .slice(0, limit);
  }

  async allowed(): Promise<readonly FleetAllowed[]> {
    return [...this.#allowed.values()].toSorted((p, q) => p.sequence - q.sequence);
  }

  async history(prefix: Prefix): Promise<EntryHistory | undefined> {
    const text = formatPrefix(prefix);
    const held = this.#entries.get(text);
    if (held === undefined) return undefined;
    const own = (row: { readonly prefix: Prefix }) => formatPrefix(row.prefix) === text;
    return {
      ...held,
      activations: [...this.#past.filter(own), held.activation],
      evidence: [...this.#evidence.values()].filter(own),
    };
  }

  async countClaimed(at: number): Promise<number> {
    const valid = [...this.#claims.values()].filter(({ until }) => outlasts(until, at));
    return new Set(valid.map(({ prefix }) => formatPrefix(prefix))).size;
  }

  async user(name: string): Promise<User | undefined> {
    return this.#users.get(name);
  }

  async users(): Promise<readonly User[]> {
    return [...this.#users.values()].toSorted((p, q) => (p.name < q.name ? -1 : 1));
  }

  async keys(): Promise<readonly UserKey[]> {
    const users = await this.users();
    return users.flatMap(({ name, disabled }) => {
      const key = this.#userKeys.get(name);
      return disabled || key === undefined ? [] : [key];
    });
  }

  async setKey(name: string, key: string, since: number): Promise<string> {
    const before = this.#userKeys.get(name)?.key ?? '';
    if (this.#users.has(name) && before !== key) this.#userKeys.set(name, { name, key, since });
    return before;
  }

  async putUser(user: User): Promise<void> {
    this.#users.set(user.name, user);
  }

  async changeUser(name: string, change: UserChange): Promise<boolean> {
    const user = this.#users.get(name);
    if (user !== undefined) this.#users.set(name, { ...user, ...change });
    return user !== undefined;
  }

  async removeUser(name: string): Promise<boolean> {
    this.#userKeys.delete(name);
    return this.#users.delete(name);
  }

  async forgetKeys(before: number): Promise<number> {
    const old = [...this.#keys].filter(([, at]) => at < before);
    for (const [key] of old) this.#keys.delete(key);
    return old.length;
  }

  async close(): Promise<void> {}
}
