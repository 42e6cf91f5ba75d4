import { isActive, type Seconds } from '../../blocklist/entry.ts';
import { NO_DETAILS } from '../../blocklist/evidence.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import type { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { decideHost, type PfTable } from './pf-tables.ts';

/** Counts of the addresses in pf's tables that had not been published. */
export interface PublishedTables {
  published: number;
  /** Protected here. */
  spared: number;
  /** Left for the next round. */
  left: number;
}

interface FreshHost {
  readonly table: PfTable;
  readonly host: Prefix;
}

/** Addresses per round. The API tells the other machines of all. */
const MAX_PER_ROUND = 1000;

/**
 * Publishes addresses that came into the tables since they were last published. What is published is
 * the ban that this machine would make of the address now. An address that left a table and came back
 * is published again. Only what was published is stored. Throws McblockError('program') if Redis
 * fails; the remaining addresses are left for the next round.
 * @param open connects to Redis; called if there is something to publish
 * @param isDryRun counts, and publishes and stores nothing
 */
export async function publishPfTables(
  store: Store,
  tables: readonly PfTable[],
  open: () => Promise<Publisher>,
  policies: Policies,
  now: () => Seconds,
  isDryRun = false,
): Promise<PublishedTables> {
  const fresh = freshHosts(store, tables);
  const counts = { published: 0, spared: 0, left: Math.max(0, fresh.length - MAX_PER_ROUND) };
  const done = new Set<Prefix>();
  const space = protectedSpace(store, policies, now());
  let publisher: Publisher | undefined;
  try {
    for (const one of fresh.slice(0, MAX_PER_ROUND)) {
      const ban = banOf(one, store, space, policies, now());
      if (ban === undefined) counts.spared++;
      else {
        if (!isDryRun) {
          publisher ??= await open();
          await publisher.publish(ban);
        }
        counts.published++;
      }
      done.add(one.host);
    }
  } finally {
    await publisher?.close();
    if (!isDryRun) remember(store, tables, done);
  }
  return counts;
}

function freshHosts(store: Store, tables: readonly PfTable[]): FreshHost[] {
  return tables.flatMap((table) =>
    table.hosts
      .filter((host) => !store.fleetState.isTaken('pubsub', table.name, host))
      .map((host) => ({ table, host })),
  );
}

/** Undefined if the address is protected. */
function banOf(
  { table, host }: FreshHost,
  store: Store,
  space: ProtectedSpace,
  policies: Policies,
  now: Seconds,
): Ban | undefined {
  const decision = decideHost(store, space, host, policies, now);
  if (decision.kind === 'refused' || !isActive(decision.entry, now)) return undefined;
  const { prefix, expiresAt } = decision.entry;
  return {
    prefix,
    address: host,
    expiresAt,
    origin: 'pf',
    evidence: [{ ...NO_DETAILS, service: 'pf', message: table.name, count: 1 }],
    note: '',
  };
}

function remember(store: Store, tables: readonly PfTable[], done: ReadonlySet<Prefix>): void {
  const { fleetState } = store;
  store.transaction(() => {
    for (const { name, hosts } of tables) {
      const known = hosts.filter(
        (host) => done.has(host) || fleetState.isTaken('pubsub', name, host),
      );
      fleetState.setTaken('pubsub', name, known);
    }
  });
}
