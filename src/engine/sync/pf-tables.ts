import { decide } from '../../blocklist/decide.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import { changeOf, changesActivation } from '../../blocklist/entry-change.ts';
import { NO_DETAILS } from '../../blocklist/evidence.ts';
import { widestPrefix } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import type { Decision } from '../../blocklist/request.ts';
import { McblockError } from '../../errors.ts';
import { patternOf } from '../../log/follow/matching-files.ts';
import { FAMILY_BITS } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { readPrefixes } from '../../net/prefix-reader.ts';
import { runProgram, wordsOf } from '../../process/run-program.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace, withLogins } from '../protected-space.ts';
import { ShareLimit } from '../record/share-limit.ts';

/** A table that pf itself fills, as `max-src-conn-rate ... overload <brute>` does. */
export interface PfTable {
  readonly name: string;
  /** The addresses in the table. Wider prefixes were added by somebody else and are ignored. */
  readonly hosts: readonly Prefix[];
}

/** Counts of the addresses that are recorded. */
export interface RecordedTables {
  /** Addresses that were not in the tables last time. */
  fresh: number;
  /** Those among them that are protected, or more than `limits.share` allows. */
  spared: number;
}

const NAME = /^[A-Za-z_][\w-]{0,30}$/;
const TIME_LIMIT_SECONDS = 30;

/** Reads the tables whose names match a pattern, with pfctl(8). Throws McblockError('program'). */
export async function readPfTables(
  pfctl: string,
  patterns: readonly string[],
): Promise<readonly PfTable[]> {
  if (patterns.length === 0) return [];
  const isWanted = patterns.map(patternOf);
  const names = (await run(pfctl, ['-s', 'Tables'])).toString('latin1').split('\n');
  const wanted = names
    .map((name) => name.trim())
    .filter((name) => NAME.test(name) && isWanted.some((matches) => matches(name)));
  const tables: PfTable[] = [];
  for (const name of wanted) {
    const { list } = readPrefixes(await run(pfctl, ['-t', name, '-T', 'show']));
    const hosts = [...list].filter(({ family, length }) => length === FAMILY_BITS[family]);
    tables.push({ name, hosts });
  }
  return tables;
}

/**
 * Records addresses that came into the tables since they were last read, in one transaction. Each is
 * an offence; the name of the table is its evidence.
 */
export function recordPfTables(
  store: Store,
  tables: readonly PfTable[],
  policies: Policies,
  now: Seconds,
): RecordedTables {
  const taken = { fresh: 0, spared: 0 };
  if (tables.length === 0) return taken;
  store.transaction(() => {
    const space = protectedSpace(store, policies, now);
    const limit = new ShareLimit(store, policies.limits.share, now);
    for (const { name, hosts } of tables) {
      for (const host of hosts) {
        if (store.fleetState.isTaken('api', name, host)) continue;
        taken.fresh++;
        if (!recordHost(store, space, limit, name, host, policies, now)) taken.spared++;
      }
      store.fleetState.setTaken('api', name, hosts);
    }
    limit.recordRefusals();
  });
  return taken;
}

/** The number of addresses that recordPfTables would record. */
export function countFresh(store: Store, tables: readonly PfTable[]): number {
  return tables.reduce(
    (sum, { name, hosts }) =>
      sum + hosts.filter((host) => !store.fleetState.isTaken('api', name, host)).length,
    0,
  );
}

/** Removes addresses that have been in the tables for that long. */
export async function expirePfTables(
  pfctl: string,
  tables: readonly PfTable[],
  seconds: number,
): Promise<void> {
  for (const { name } of tables) await run(pfctl, ['-t', name, '-T', 'expire', String(seconds)]);
}

/** Whether the address was recorded; false if it is protected, or too much would be active. */
function recordHost(
  store: Store,
  space: ProtectedSpace,
  limit: ShareLimit,
  table: string,
  offender: Prefix,
  policies: Policies,
  now: Seconds,
): boolean {
  const decision = decideHost(store, space, offender, policies, now);
  if (decision.kind === 'refused') return false;
  if (changesActivation(decision) && !limit.admits(decision.entry)) return false;
  const seen = { count: 1, firstSeen: now, lastSeen: now };
  const evidence = { ...NO_DETAILS, address: offender, service: 'pf', message: table, ...seen };
  store.record(changeOf(decision, { origin: 'pf', note: table }, [evidence]));
  return true;
}

/** The decision about an address that pf put into a table. */
export function decideHost(
  store: Store,
  always: ProtectedSpace,
  offender: Prefix,
  policies: Policies,
  now: Seconds,
): Decision {
  const policy = policies.policyFor(offender);
  const { points } = policy.offence;
  const space = withLogins(always, store, store, offender, policy, now);
  return decide(
    store.around(widestPrefix(offender, policy), offender),
    space,
    // Not external: the connection was established, so the address is not forged.
    { kind: 'automatic', origin: 'pf', offender, at: now, hits: 1, points, external: false },
    policy,
    now,
  );
}

async function run(pfctl: string, args: readonly string[]): Promise<Buffer> {
  const { ok, stdout, stderr } = await runProgram(pfctl, args, {
    timeLimitSeconds: TIME_LIMIT_SECONDS,
  });
  if (ok) return stdout;
  throw new McblockError('program', `${pfctl} ${args.join(' ')}: ${wordsOf(stderr)}`);
}
