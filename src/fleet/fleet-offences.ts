import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { compareAddresses } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { FleetOffence, TakenBack } from './fleet-store.ts';
import type { Reporter } from './report.ts';

/**
 * Who is charged with what offences at several machines block, none of which would have blocked it
 * alone. No user has such a name.
 */
export const FLEET = 'the fleet';

/** Each machine gives at most this part of the points that block. */
const MACHINES = 3;
/** For one machine in one network; more are not kept. */
const MAX_IN_NETWORK = 64;
const MAX_NAMES = 10;

/** The fleet as a reporter: several machines say it, so that it runs its full penalty. */
export function fleetReporter({ limits: { user } }: Pick<Policy, 'limits'>): Reporter {
  const { widest4, widest6 } = user;
  return { name: FLEET, isAdmin: false, widest4, widest6, longestSeconds: 'forever' };
}

/** The offences that machines reported without having blocked anybody, in the networks of a transaction. */
export class FleetOffences {
  readonly #policy: Pick<Policy, 'offence'>;
  /** By network, then by event. */
  readonly #networks = new PrefixMap<Map<string, FleetOffence>>();
  readonly #added = new Set<FleetOffence>();
  readonly #takenBack: TakenBack[] = [];

  constructor(offences: readonly FleetOffence[], policy: Pick<Policy, 'offence'>) {
    this.#policy = policy;
    for (const offence of offences) this.#in(offence.network).set(offence.event, offence);
  }

  /** False if some machine reported the same event before. */
  add(offence: FleetOffence): boolean {
    const known = this.#in(offence.network);
    if (known.has(offence.event)) return false;
    const own = [...known.values()].filter(({ by }) => by === offence.by);
    if (own.length >= MAX_IN_NETWORK) return true;
    known.set(offence.event, offence);
    this.#added.add(offence);
    return true;
  }

  /**
   * The offences from the network that together block it; undefined if they do not. What came before
   * its latest activation, or the end of that, counts no more.
   */
  enough(network: Prefix, around: readonly Entry[]): readonly FleetOffence[] | undefined {
    const { points, windowSeconds } = this.#policy.offence;
    const all = [...this.#in(network).values()];
    const newest = all.reduce((latest, { at }) => Math.max(latest, at), 0);
    const since = around.reduce<Seconds>(
      (latest, { activatedAt = 0, endedAt = 0 }) => Math.max(latest, activatedAt, endedAt),
      newest - windowSeconds,
    );
    const counted = all.filter(({ at }) => at > since);
    const byMachine = new Map<string, number>();
    for (const { by, points: own } of counted) byMachine.set(by, (byMachine.get(by) ?? 0) + own);
    // In thirds of a point, so that nothing is rounded.
    const sum = [...byMachine.values()].reduce(
      (total, own) => total + Math.min(own * MACHINES, points),
      0,
    );
    return sum >= points * MACHINES ? counted : undefined;
  }

  /** Drops what this user reported of the address. */
  takeBack({ network, address, by }: FleetOffence): void {
    const known = this.#in(network);
    for (const [event, offence] of known) {
      if (offence.by !== by || compareAddresses(offence.address, address) !== 0) continue;
      known.delete(event);
      this.#added.delete(offence);
    }
    this.#takenBack.push({ network, address, by });
  }

  /** Those that were added. */
  get added(): readonly FleetOffence[] {
    return [...this.#added];
  }

  /** Of what was stored before. */
  get takenBack(): readonly TakenBack[] {
    return this.#takenBack;
  }

  #in(network: Prefix): Map<string, FleetOffence> {
    const known = this.#networks.get(network) ?? new Map<string, FleetOffence>();
    this.#networks.set(network, known);
    return known;
  }
}

/** `sshd.failed-login at gate1, gate2, gate3`: why they are blocked. */
export function noteOnOffences(offences: readonly FleetOffence[]): string {
  const kinds = new Set(offences.map(({ service, message }) => `${service}.${message}`));
  const machines = new Set(offences.map(({ by }) => by));
  return `${listOf(kinds)} at ${listOf(machines)}`;
}

function listOf(names: ReadonlySet<string>): string {
  const sorted = [...names].toSorted();
  const more = sorted.length - MAX_NAMES;
  return sorted.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
