import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence } from '../../blocklist/offence.ts';
import type { LikelyProxy, WebClients } from '../../log/served-requests.ts';
import { PrefixMap } from '../../net/prefix-map.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';
import type { Store } from '../../store/store.ts';

/** The times at which a prefix may be a proxy, and its offences that did not count. */
interface Suspect {
  readonly times: Pick<LikelyProxy, 'first' | 'last'>[];
  offences: number;
  lastAt: Seconds;
}

/**
 * Leaves out what web servers report of prefixes that may be proxies: within the window of a time at
 * which this log, or one before it, shows so.
 */
export class UncountedProxies {
  readonly #suspects = new PrefixMap<Suspect>();
  readonly #services: ReadonlySet<string>;
  readonly #windowSeconds: Seconds;
  readonly #isEmpty: boolean;

  /** @param clients undefined where the proxies are known */
  constructor(store: Store, clients: WebClients | undefined, windowSeconds: Seconds) {
    this.#windowSeconds = windowSeconds;
    this.#services = clients?.services ?? new Set();
    const all = clients === undefined ? [] : [...knownProxies(store), ...clients.likelyProxies];
    for (const { prefix, first, last } of all) {
      const suspect = this.#suspects.get(prefix) ?? { times: [], offences: 0, lastAt: 0 };
      suspect.times.push({ first, last });
      this.#suspects.set(prefix, suspect);
    }
    this.#isEmpty = all.length === 0;
  }

  without(offences: Iterable<Offence>): Iterable<Offence> {
    return this.#isEmpty ? offences : this.#others(offences);
  }

  /** Those of which offences were left out. */
  *all(): Generator<UncountedProxy> {
    for (const { prefix, value } of this.#suspects.walk()) {
      const { offences, lastAt } = value;
      if (offences > 0) yield { prefix, offences, lastAt };
    }
  }

  *#others(offences: Iterable<Offence>): Generator<Offence> {
    for (const offence of offences) {
      const suspect = this.#suspectOf(offence);
      if (suspect === undefined) yield offence;
      else suspect.offences += offence.count;
    }
  }

  #suspectOf({ address, kind, at }: Offence): Suspect | undefined {
    if (!this.#services.has(kind.service)) return undefined;
    const suspect = this.#suspects.longestMatch(address)?.value;
    const time = suspect?.times.find(
      ({ first, last }) => at > first - this.#windowSeconds && at < last + this.#windowSeconds,
    );
    if (suspect === undefined || time === undefined) return undefined;
    suspect.lastAt = Math.max(suspect.lastAt, time.last);
    return suspect;
  }
}

/** Those that logs before this one showed. */
function knownProxies(store: Store): LikelyProxy[] {
  const known = store.logs.likelyProxies.since(0);
  return known.map(({ prefix, lastAt }) => ({ prefix, first: lastAt, last: lastAt }));
}
