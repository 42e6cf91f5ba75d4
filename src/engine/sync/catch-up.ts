import { isActive, outlasts } from '../../blocklist/entry.ts';
import { loginsAround } from '../../blocklist/logins-around.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { type Merge, mergeEntry } from '../../fleet/client/merge.ts';
import type { ChangesPage, RemoteAllowed, RemoteEntry } from '../../fleet/client/remote-change.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Position } from '../../store/fleet-state.ts';
import type { Snapshot } from '../../store/snapshot.ts';
import type { Store } from '../../store/store.ts';
import { withdrawRemote } from '../judge/withdraw.ts';
import { loginProtections, protectedSpace } from '../protected-space.ts';
import { ShareLimit } from '../record/share-limit.ts';
import { UserLimit } from '../record/user-limit.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';
import { fetchList, forgetList } from './version1-list.ts';

/** The note of allow-list entries that came from the fleet. */
const FLEET_NOTE = 'fleet';
const PAGE_SIZE = 10_000;

interface Deps extends CatchUpOptions {
  readonly store: Store;
  readonly client: FleetClient;
  readonly isDryRun: boolean;
}

/**
 * Fetches all changes since the last known number from the API and stores them page by page, each
 * with its number in one transaction. Throws McblockError if the API cannot be reached or its answer
 * is invalid; then nothing of that page is stored.
 * @param isDryRun counts, and stores nothing
 */
export async function catchUp(
  store: Store,
  client: FleetClient,
  options: CatchUpOptions,
  isDryRun = false,
): Promise<CatchUpResult> {
  try {
    const result = await fetchChanges(store, client, options, isDryRun);
    if (!isDryRun) forgetList(store);
    return result;
  } catch (error) {
    if (client.version1 === undefined) throw error;
    return fetchList(store, client.version1, options, isDryRun);
  }
}

async function fetchChanges(
  store: Store,
  client: FleetClient,
  options: CatchUpOptions,
  isDryRun: boolean,
): Promise<CatchUpResult> {
  const deps: Deps = { ...options, store, client, isDryRun };
  const done = { blocked: 0, expired: 0, allowed: 0, refused: 0 };
  if (!isDryRun) store.fleetState.goBackToRefused(client.url, options.now() - DAY_SECONDS);
  let known = store.fleetState.position(client.url);
  const isFirst = known.sequence === 0 && known.store === '';
  let from = known;
  let left = options.maxChanges;
  for (;;) {
    const page = await client.changes(from.sequence, Math.min(PAGE_SIZE, left), from.store);
    if (page === undefined) {
      // The API has a different store than before, with its own numbers.
      from = { sequence: 0, store: '' };
      continue;
    }
    const next = { sequence: page.next, store: page.store };
    const isStored = storePage(deps, page, known, next, done);
    known = isStored ? next : store.fleetState.position(client.url);
    from = known;
    if (!isStored) continue;
    left -= page.changes.length;
    if (!page.more || left <= 0) {
      if (!isDryRun && client.widest) store.fleetState.setWidest(client.url, client.widest);
      const { sequence } = next;
      const behind = page.more ? page.latest - sequence : 0;
      const unshared = isFirst ? store.outbox.countUnshared(options.now()) : 0;
      return { lastNumber: sequence, behind, ...done, unshared };
    }
  }
}

/** Stores a page. False if another process has stored changes meanwhile. */
function storePage(
  deps: Deps,
  page: ChangesPage,
  known: Position,
  next: Position,
  done: Counts,
): boolean {
  const { store, client } = deps;
  if (page.changes.length === 0 && isSame(next, known)) return true;
  if (deps.isDryRun) {
    applyPage(deps, page, done);
    return true;
  }
  return store.transaction(() => {
    if (!isSame(store.fleetState.position(client.url), known)) return false;
    const refused = applyPage(deps, page, done);
    store.fleetState.setPosition(client.url, next);
    if (refused !== undefined) store.fleetState.setRefused(client.url, refused, deps.now());
    return true;
  });
}

function isSame(p: Position, q: Position): boolean {
  return p.sequence === q.sequence && p.store === q.store;
}

type Counts = Omit<CatchUpResult, 'lastNumber' | 'behind' | 'unshared'>;

/**
 * The allow-list goes first, because it protects against the entries of the same page. Returns the
 * number of the first change that exceeds a limit.
 */
function applyPage(deps: Deps, { changes }: ChangesPage, done: Counts): number | undefined {
  const { store, policies } = deps;
  const listed = changes.filter((change) => change.type === 'allow');
  const notes = new Map(
    listed.length === 0
      ? []
      : store.allowed(deps.now()).map((own) => [formatPrefix(own.prefix), own.note]),
  );
  for (const change of listed) {
    const outcome = applyAllowed(deps, change, notes);
    if (outcome !== 'unchanged') done[outcome]++;
  }
  const limit = new ShareLimit(store, policies.limits.share, deps.now());
  const here = {
    space: protectedSpace(store, policies.nat64, deps.now()),
    logins: store.snapshot(),
    limit,
    users: new UserLimit(store, policies.limits, deps.now(), 0),
  };
  let refused: number | undefined;
  const entries = changes.filter((change) => change.type === 'entry');
  const isOver = ({ entry }: RemoteEntry) => !outlasts(entry.expiresAt, deps.now());
  // What has ended makes room for the others.
  for (const change of entries.toSorted((p, q) => Number(isOver(q)) - Number(isOver(p)))) {
    const kind = applyEntry(deps, change, here);
    if (kind === 'too much') refused ??= change.sequence;
    if (kind === 'too much' || kind === 'refused') done.refused++;
    if (kind === 'blocked' || kind === 'expired') done[kind]++;
  }
  limit.recordRefusals();
  here.users.record();
  return refused;
}

interface Around {
  readonly space: ProtectedSpace;
  readonly logins: Pick<Snapshot, 'loginsWithin'>;
  readonly limit: ShareLimit;
  readonly users: UserLimit;
}

/** The effect; 'prolonged' if the entry was active already. */
function applyEntry(
  { store, policies, longestSeconds, now, isDryRun }: Deps,
  change: RemoteEntry,
  around: Around,
): Merge['kind'] | 'prolonged' | 'too much' {
  const { entry: remote, activatedBy, isWithdrawn } = change;
  const { prefix } = remote;
  if (isWithdrawn) {
    return withdrawRemote(store, remote, now(), isDryRun) ? 'expired' : 'unchanged';
  }
  const policy = policies.policyFor(prefix);
  const supernets = store.supernets(prefix);
  const loginsHere = loginsAround((one) => around.logins.loginsWithin(one), prefix, policies.nat64);
  const logins = loginProtections(store, loginsHere, now(), policy);
  const here = {
    supernets,
    space: around.space.plus(logins),
  };
  const merge = mergeEntry(change, here, { policy, longestSeconds }, now());
  const own = supernets.find((one) => one.prefix.length === prefix.length);
  const isProlonged = merge.kind === 'blocked' && own !== undefined && isActive(own, now());
  const kind = isProlonged ? 'prolonged' : merge.kind;
  if (merge.kind === 'blocked' && !around.limit.admits(merge.entry)) return 'too much';
  if (kind === 'blocked' && merge.kind === kind && !around.users.admits(merge.entry, activatedBy)) {
    return 'too much';
  }
  if (merge.kind === 'unchanged' || merge.kind === 'refused' || isDryRun) return kind;
  const { entry } = merge;
  const before = own?.activations ?? 0;
  const ended = merge.kind === 'expired' ? { ended: { activation: before, at: now() } } : {};
  // An activation that is expired by hand keeps its original end.
  const isActivation = merge.kind === 'blocked' || entry.activations > before;
  const activations = isActivation ? [entry] : [];
  const cause = { origin: 'fleet', note: remote.note, maker: activatedBy } as const;
  store.record({ entry, activations, cause, ...ended });
  return kind;
}

/**
 * Prefixes that were allowed by hand on this machine stay allowed, whatever the fleet does.
 * @param notes notes of the allow-list by prefix, which are updated
 */
function applyAllowed(
  { store, isDryRun }: Deps,
  { prefix, removed, note, at }: RemoteAllowed,
  notes: Map<string, string>,
): 'allowed' | 'refused' | 'unchanged' {
  if (isTooWide(prefix)) return removed ? 'unchanged' : 'refused';
  const name = formatPrefix(prefix);
  const own = notes.get(name);
  if (removed ? own === undefined || !isOfFleet(own) : own !== undefined) return 'unchanged';
  if (removed) notes.delete(name);
  else notes.set(name, FLEET_NOTE);
  if (isDryRun) return 'allowed';
  if (removed) store.disallow(prefix);
  else store.allow(prefix, note === '' ? FLEET_NOTE : `${FLEET_NOTE}: ${note}`, at);
  return 'allowed';
}

function isOfFleet(note: string): boolean {
  return note === FLEET_NOTE || note.startsWith(`${FLEET_NOTE}: `);
}
