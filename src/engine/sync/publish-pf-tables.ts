import { isActive, type Seconds } from '../../blocklist/entry.ts';
import type { Config } from '../../cli/config/config.ts';
import type { Context } from '../../cli/context.ts';
import { McblockError } from '../../errors.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import type { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { decideHost, type PfTable, readPfTables } from './pf-tables.ts';

/** What became of the addresses in pf's tables of which the others were not told yet. */
export interface Rung {
  told: number;
  /** Protected here. */
  spared: number;
  /** For the next time, as there were too many for one. */
  left: number;
}

interface Fresh {
  readonly table: PfTable;
  readonly host: Prefix;
}

/** In one round; the API tells of all. */
const MAX_AT_ONCE = 1000;

/** Throws McblockError('config') where there is nothing to ring, or nothing to ring for. */
export function requireBell(config: Config): void {
  if (config.get('pubsub.address') === '') {
    throw new McblockError(
      'config',
      'there is no bell to ring: put address, cert, key and ca under [pubsub] into the configuration',
    );
  }
  if (config.get('fleet.pf-tables').length > 0) return;
  throw new McblockError(
    'config',
    'there is nothing to take from pf: put pf-tables = ["brute*"] under [fleet] into the configuration',
  );
}

/** Reads pf's tables and rings; nothing more, so that it can be done every minute. */
export async function ringRound(context: Context, isDryRun: boolean): Promise<Rung> {
  const config = await context.config();
  const tables = await readPfTables(config.get('firewall.pfctl'), config.get('fleet.pf-tables'));
  const store = await context.store(isDryRun ? 'read' : 'write');
  return ringForTables({ context, config, store, tables, isDryRun });
}

export interface RingDeps {
  readonly context: Context;
  readonly config: Config;
  readonly store: Store;
  readonly tables: readonly PfTable[];
  /** Find out, and tell nobody. */
  readonly isDryRun?: boolean;
}

/**
 * Tells the others at once of whoever is in the tables and was not told of since it came there; what
 * is blocked is what this machine blocks, or would if it took the address now. What has left a table
 * and comes again is told again. Stores nothing but who was told of. Throws McblockError('program')
 * where Redis was not told; whoever is left is told of the next time.
 */
export async function ringForTables(deps: RingDeps): Promise<Rung> {
  const { context, config, store, tables, isDryRun = false } = deps;
  const fresh = freshOf(store, tables);
  const rung: Rung = { told: 0, spared: 0, left: Math.max(0, fresh.length - MAX_AT_ONCE) };
  const done = new Set<Prefix>();
  const policies = await context.policies();
  const space = protectedSpace(store);
  let publisher: Publisher | undefined;
  try {
    for (const one of fresh.slice(0, MAX_AT_ONCE)) {
      const ban = banOf(one, store, space, policies, context.present);
      if (ban === undefined) rung.spared++;
      else {
        if (!isDryRun) {
          publisher ??= (await import('../../cli/config/publisher-settings.ts')).openPublisher(
            config,
          );
          await publisher?.publish(ban);
        }
        rung.told++;
      }
      done.add(one.host);
    }
  } finally {
    await publisher?.close();
    if (!isDryRun) remember(store, tables, done);
  }
  return rung;
}

/** `3 told over the bell, 1 protected`. */
export function rungText({ told, spared, left }: Rung): string {
  const more = [
    ...(spared > 0 ? [`${spared} protected`] : []),
    ...(left > 0 ? [`${left} left for the next time`] : []),
  ];
  return [`${told} told over the bell`, ...more].join(', ');
}

function freshOf(store: Store, tables: readonly PfTable[]): Fresh[] {
  return tables.flatMap((table) =>
    table.hosts
      .filter((host) => !store.fleetState.isTaken('pubsub', table.name, host))
      .map((host) => ({ table, host })),
  );
}

/** Undefined where it is protected. */
function banOf(
  { table, host }: Fresh,
  store: Store,
  space: ReturnType<typeof protectedSpace>,
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
    evidence: [{ service: 'pf', message: table.name, count: 1 }],
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
