import type { Origin, Seconds } from '../blocklist/entry.ts';
import type { MessageCount } from '../blocklist/message-counts.ts';
import { reasonText } from '../blocklist/message-counts.ts';
import { type Usage, UserUsage } from '../blocklist/user-usage.ts';
import { coalesce } from '../net/coalesce.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { spaceMap } from '../net/space-map.ts';
import { timeText } from '../validation/time-text.ts';
import type { OverviewJson, UserJson } from './admin-page/json.ts';
import type { Contacts } from './contacts.ts';
import type { FleetEntry, FleetStore } from './fleet-store.ts';
import type { Listing } from './listing.ts';
import { pageJson, type ShownBan } from './pubsub/page-data.ts';

import { may, type User } from './user.ts';

export interface OverviewDeps {
  readonly store: Pick<FleetStore, 'users' | 'keys'>;
  readonly listing: Listing;
  readonly contacts: Contacts;
  readonly clock: () => Seconds;
  readonly version: string;
  /** What one user may have active. */
  readonly budget: Usage;
}

export interface Overview {
  readonly json: OverviewJson;
  /** The levels of spaceMap. */
  readonly map: Uint8Array;
}

const LAST_BANS = 50;
const SILENT_SECONDS = 3600;
/** Entries read before other work of the process gets its turn. */
const SLICE = 2000;
/** Reading takes at most this share of the time, and is repeated no sooner than this. */
const MAX_SHARE = 1 / 50;
const MIN_MILLISECONDS = 1000;

/** What one user has active. */
interface Activity {
  active: number;
  readonly prefixes: PrefixList;
  readonly messages: Map<string, MessageCount>;
}

/** The state of the fleet for administrators, kept for a while because it takes all entries. */
export class OverviewSource {
  readonly #deps: OverviewDeps;
  #overview: Promise<Overview> | undefined;
  #staleAt = 0;

  constructor(deps: OverviewDeps) {
    this.#deps = deps;
  }

  get(): Promise<Overview> {
    if (this.#overview === undefined || performance.now() >= this.#staleAt) {
      this.#staleAt = Number.POSITIVE_INFINITY;
      this.#overview = this.#read();
    }
    return this.#overview;
  }

  async #read(): Promise<Overview> {
    const { store, listing, clock, budget } = this.#deps;
    let worked = 0;
    try {
      const [entries, users, keys] = await Promise.all([
        listing.active(),
        store.users(),
        store.keys(),
      ]);
      const activities = new Map<string, Activity>();
      const byOrigin = new Map<Origin, number>();
      let active6 = 0;
      for (let first = 0; first < entries.length; first += SLICE) {
        const startedAt = performance.now();
        for (const held of entries.slice(first, first + SLICE)) {
          const { prefix, origin } = held.entry;
          if (prefix.family === 6) active6++;
          byOrigin.set(origin, (byOrigin.get(origin) ?? 0) + 1);
          addTo(activities, held);
        }
        worked += performance.now() - startedAt;
        await new Promise(setImmediate);
      }
      const startedAt = performance.now();
      const last = entries
        .toSorted((p, q) => q.activatedSequence - p.activatedSequence)
        .slice(0, LAST_BANS);
      const all = PrefixList.from(entries.map(({ entry }) => entry.prefix));
      const map = spaceMap(coalesce(all)).levels;
      const latest = await listing.sequence();
      const keySince = new Map(keys.map(({ name, since }) => [name, since]));
      const shown = users.map((user) =>
        this.#userJson(user, keySince.get(user.name), activities.get(user.name), latest, budget),
      );
      worked += performance.now() - startedAt;
      const page = { bans: last.map(shownBan), active: entries.length, active6, byOrigin, map };
      const json = {
        version: this.#deps.version,
        now: timeText(clock()),
        startedAt: timeText(this.#deps.contacts.startedAt),
        latest,
        users: shown,
        ...pageJson(page),
      };
      return { json, map };
    } finally {
      this.#staleAt = performance.now() + Math.max(MIN_MILLISECONDS, worked / MAX_SHARE);
    }
  }

  #userJson(
    user: User,
    keySince: Seconds | undefined,
    activity: Activity | undefined,
    latest: number,
    budget: Usage,
  ): UserJson {
    const { name, scopes, disabled, widest4, widest6 } = user;
    const { lastAt, sequence, ...counts } = this.#deps.contacts.of(name);
    const isAdmin = may(user, 'admin');
    const isMachine = !isAdmin && !disabled;
    const heardAt = lastAt ?? this.#deps.contacts.startedAt;
    return {
      name,
      scopes,
      disabled,
      widest: isAdmin ? null : `/${widest4}, /${widest6}`,
      keySince: keySince === undefined ? null : timeText(keySince),
      isMachine,
      isSilent: isMachine && this.#deps.clock() - heardAt > SILENT_SECONDS,
      lastAt: lastAt === undefined ? null : timeText(lastAt),
      ...counts,
      lag: sequence === undefined ? null : Math.max(0, latest - sequence),
      active: activity?.active ?? 0,
      why: reasonText(activity?.messages.values() ?? [], ''),
      budget: isAdmin ? null : partOf(budget, activity),
    };
  }
}

function addTo(activities: Map<string, Activity>, held: FleetEntry): void {
  const { entry, activation, latestEvidence } = held;
  let activity = activities.get(activation.by);
  if (activity === undefined) {
    activity = { active: 0, prefixes: new PrefixList(), messages: new Map() };
    activities.set(activation.by, activity);
  }
  activity.active++;
  activity.prefixes.push(entry.prefix);
  for (const { service, message, count } of latestEvidence) {
    const key = `${service} ${message}`;
    const sum = count + (activity.messages.get(key)?.count ?? 0);
    activity.messages.set(key, { service, message, count: sum });
  }
}

/** The larger part of the budget's two. */
function partOf(budget: Usage, activity: Activity | undefined): number {
  if (activity === undefined) return 0;
  const counter = new UserUsage(budget, undefined);
  counter.count(activity.prefixes);
  const { addresses4, prefixes6 } = counter.usage ?? { addresses4: 0, prefixes6: 0 };
  return Math.max(addresses4 / budget.addresses4, prefixes6 / budget.prefixes6);
}

function shownBan({ entry, activation, latestEvidence }: FleetEntry): ShownBan {
  return {
    at: activation.at,
    prefix: entry.prefix,
    from: activation.by,
    why: reasonText(latestEvidence, activation.note || entry.note),
    outcome: entry.activations > 1 ? 'reactivated' : 'new',
    expiresAt: entry.expiresAt,
  };
}
