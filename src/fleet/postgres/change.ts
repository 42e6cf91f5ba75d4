import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix-text.ts';
import { claimOfRow } from '../claim-rows.ts';
import type { FleetChange, FleetSnapshot, SnapshotQuery } from '../fleet-store.ts';
import { offenceOfRow } from '../offence-rows.ts';
import { allowedOfRow, fleetEntryOfRow } from '../rows.ts';
import { activeOfRows, usageOfRows } from '../usage-rows.ts';
import type { Queries } from './queries.ts';
import {
  ACTIVE,
  ACTIVE_OF,
  ALLOWED,
  CLAIMS_AROUND,
  COVERING,
  DELETE_OFFENCES,
  KNOWN_KEYS,
  LOCK,
  OFFENCES,
  PRUNE_CLAIMS,
  PRUNE_OFFENCES,
  USAGE,
  writeStatement,
} from './statements.ts';

/** Begins a transaction under the write lock. */
export async function readPast(
  queries: Queries,
  { prefixes, keys, activeAt, users, counted, claimed, offenders, now }: SnapshotQuery,
): Promise<FleetSnapshot> {
  const texts = [...new Set(prefixes.map(formatPrefix))];
  const [names, wanted] = [keys.map(({ by }) => by), keys.map(({ key }) => key)];
  const [, [fleet], allowed, supernets, active, known, usage, activeOf, claims, offences] =
    await Promise.all([
      // Whatever the database's default: reads must see what was committed before the lock.
      queries.script('BEGIN ISOLATION LEVEL READ COMMITTED'),
      queries.rows(LOCK),
      queries.rows(ALLOWED),
      texts.length === 0 ? [] : queries.rows(COVERING, texts),
      activeAt === undefined ? [] : queries.rows(ACTIVE, activeAt),
      keys.length === 0 ? [] : queries.rows(KNOWN_KEYS, names, wanted),
      users.length === 0 ? [] : queries.rows(USAGE, users),
      counted.length === 0 ? [] : queries.rows(ACTIVE_OF, now, counted),
      claimed.length === 0 ? [] : queries.rows(CLAIMS_AROUND, claimed.map(formatPrefix)),
      offenders.length === 0 ? [] : queries.rows(OFFENCES, offenders.map(formatPrefix)),
    ]);
  const byPrefix = new Map([...supernets, ...active].map((row) => [row['prefix'], row]));
  return {
    sequence: Number(fleet?.['sequence']),
    allowed: allowed.map(allowedOfRow),
    entries: Array.from(byPrefix.values(), fleetEntryOfRow),
    keys: known.map((row) => ({ by: String(row['reported_by']), key: String(row['key']) })),
    evidenceCounts: supernets.map((row) => ({
      prefix: parsePrefix(String(row['prefix'])),
      count: Number(row['evidence_count']),
    })),
    usage: usageOfRows(usage),
    activeOf: activeOfRows(counted, activeOf),
    claims: claims.map(claimOfRow),
    offences: offences.map(offenceOfRow),
  };
}

/** Sends everything at once, so that COMMIT can follow. */
export async function writeChange(queries: Queries, change: FleetChange): Promise<void> {
  const { sql, values } = writeStatement(change);
  const { forgetsTo } = change;
  const machines = new Set(change.offences.map((offence) => offence.by));
  const claimants = new Set(change.claims.map((claim) => claim.by));
  await Promise.all([
    ...change.takenBack.map(({ network, address, by }) =>
      queries.run(DELETE_OFFENCES, formatPrefix(network), formatAddress(address), by),
    ),
    queries.run(sql, ...values),
    ...Array.from(claimants, (by) => queries.run(PRUNE_CLAIMS, by)),
    ...Array.from(machines, (by) => queries.run(PRUNE_OFFENCES, by, forgetsTo)),
  ]);
}
