import type { Entry } from '../blocklist/entry.ts';
import { Judge } from '../blocklist/judge.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Login } from '../blocklist/protect.ts';
import type { LogSummary } from '../log/read-offences.ts';
import type { Address } from '../net/address.ts';
import { hostPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { Draft, type Surroundings } from './draft.ts';
import type { GrokReport } from './grok-report.ts';
import { protectedSpace } from './protected-space.ts';

/**
 * Judges the offences of a log, place after place: what happens in one cannot concern another,
 * unless an entry that is wider than both covers them; then they are judged together. `settle` is
 * given what became of each.
 */
export function judgeLog(
  context: Context,
  store: Store,
  summary: LogSummary,
  policy: Policy,
  report: GrokReport,
  settle: (draft: Draft) => void,
): void {
  const space = protectedSpace(store);
  const logins = new PrefixMap<Login>();
  for (const login of summary.logins) logins.set(hostPrefix(login.address), login);
  const places = new Places(store);
  const groupOf = (address: Address): object => places.widestAround(placeOf(address, policy));
  for (const offences of summary.groups(groupOf)) {
    const draft = new Draft(store, places, logins, (verdict) => report.add(verdict));
    const judge = new Judge(draft, space, policy, () => context.now);
    for (const offence of offences) judge.offend(offence);
    report.spare(judge.finish().spared);
    settle(draft);
  }
}

/** The automatic prefix around an address. */
function placeOf(address: Address, { auto }: Policy): Prefix {
  return prefixAround(address, address.family === 4 ? auto.length4 : auto.length6);
}

/**
 * What the store has around places. It is asked once for each: nothing that is written while a log
 * is judged lies around a place that is judged later.
 */
class Places implements Surroundings {
  readonly #store: Store;
  readonly #known = new PrefixMap<readonly Entry[]>();
  readonly #groups = new PrefixMap<Prefix>();

  constructor(store: Store) {
    this.#store = store;
  }

  covering(prefix: Prefix): readonly Entry[] {
    const known = this.#known.get(prefix);
    if (known) return known;
    const entries = this.#store.covering(prefix);
    this.#known.set(prefix, entries);
    return entries;
  }

  /** The widest entry that covers the place, else the place; always the same object for it. */
  widestAround(place: Prefix): Prefix {
    const widest = this.covering(place)[0]?.prefix ?? place;
    const known = this.#groups.get(widest);
    if (!known) this.#groups.set(widest, widest);
    return known ?? widest;
  }
}
