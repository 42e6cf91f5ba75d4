import type { Seconds } from '../blocklist/entry.ts';
import { addMessage, type MessageCount, reasonText } from '../blocklist/message-counts.ts';
import { type Usage, UserUsage } from '../blocklist/user-usage.ts';
import { coalesce } from '../net/coalesce.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { spaceMap } from '../net/space-map.ts';
import { type Aside, inSlices, PacedRead } from '../paced-read.ts';
import { timeOrNull, timeText } from '../validation/time-text.ts';
import type { OverviewJson, UserJson } from './admin-page/json.ts';
import type { Contacts } from './contacts.ts';
import type { FleetEntry, FleetStore } from './fleet-store.ts';
import type { Listing } from './listing.ts';
import { pageJson, type ShownBan } from './pubsub/page-data.ts';
import { PageSummary } from './pubsub/page-summary.ts';
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

const SILENT_SECONDS = 3600;

/** What one user has active. */
interface Activity {
  active: number;
  readonly prefixes: PrefixList;
  readonly messages: Map<string, MessageCount>;
}

/** The state of the fleet for administrators, kept for a while because it takes all entries. */
export class OverviewSource {
  readonly #deps: OverviewDeps;
  readonly #overview = new PacedRead((aside) => this.#read(aside));

  constructor(deps: OverviewDeps) {
    this.#deps = deps;
  }

  get(): Promise<Overview> {
    return this.#overview.get();
  }

  async #read(aside: Aside): Promise<Overview> {
    const { store, listing, contacts, clock, version, budget } = this.#deps;
    const [entries, users, keys] = await aside(() =>
      Promise.all([listing.active(), store.users(), store.keys()]),
    );
    const summary = new PageSummary<FleetEntry>(({ activatedSequence }) => activatedSequence);
    const activities = new Map<string, Activity>();
    const prefixes = new PrefixList();
    await inSlices(entries, aside, (held) => {
      summary.add(held.entry, held);
      addTo(activities, held);
      prefixes.push(held.entry.prefix);
    });
    const map = spaceMap(coalesce(prefixes)).levels;
    const latest = await aside(() => listing.sequence());
    const keySince = new Map(keys.map(({ name, since }) => [name, since]));
    const json = {
      version,
      now: timeText(clock()),
      startedAt: timeText(contacts.startedAt),
      latest,
      users: users.map((user) =>
        this.#userJson(user, keySince.get(user.name), activities.get(user.name), latest, budget),
      ),
      ...pageJson({ ...summary.counts, bans: summary.latest().map(shownBan), map }),
    };
    return { json, map };
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
      keySince: timeOrNull(keySince),
      isMachine,
      isSilent: isMachine && this.#deps.clock() - heardAt > SILENT_SECONDS,
      lastAt: timeOrNull(lastAt),
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
  for (const one of latestEvidence) addMessage(activity.messages, one);
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
