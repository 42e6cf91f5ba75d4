import { isActive, type Seconds } from '../../blocklist/entry.ts';
import { loginProtections, type ProtectedSpace } from '../../blocklist/protect.ts';
import type { AllowedChange, ChangesPage, FleetEntry } from '../../fleet/client/change.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { type Merge, mergeEntry } from '../../fleet/client/merge.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Position } from '../../store/fleet-state.ts';
import type { Snapshot } from '../../store/snapshot.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';

/** What the allow-list of the fleet put on that of this machine is noted so. */
const FLEET_NOTE = 'fleet';
const PAGE = 10_000;

export interface CatchUpDeps {
  readonly store: Store;
  readonly client: FleetClient;
  readonly policies: Policies;
  /** No peer has anything blocked for longer. */
  readonly longestSeconds: number;
  /** No more changes are taken at a time; the rest the next time. */
  readonly mostChanges: number;
  readonly now: () => Seconds;
  /** Find out, and store nothing. */
  readonly isDryRun?: boolean;
}

/** What the changes of the fleet did here. */
export interface CaughtUp {
  /** The number of the last change that this host has. */
  lastNumber: number;
  /** 0, or where there was too much for one time: so many numbers are left. */
  behind: number;
  /** What did not block before; that something lasts longer is not counted. */
  blocked: number;
  expired: number;
  /** The allow-list changed. */
  allowed: number;
  /** Protected here, or too wide. */
  refused: number;
}

/**
 * Asks the API for everything since the last number, and stores it page after page, the number in
 * the same transaction. Throws McblockError where the API is away, and where it answers nonsense:
 * then nothing of that page is stored.
 */
export async function catchUp(deps: CatchUpDeps): Promise<CaughtUp> {
  const { store, client, mostChanges } = deps;
  const done = { blocked: 0, expired: 0, allowed: 0, refused: 0 };
  let known = store.fleetState.position(client.url);
  let from = known;
  let left = mostChanges;
  for (;;) {
    const page = await client.changes(from.sequence, Math.min(PAGE, left), from.store);
    if (page === undefined) {
      // The API has another store than before, whose numbers mean other changes.
      from = { sequence: 0, store: '' };
      continue;
    }
    const next = { sequence: page.next, store: page.store };
    const isTaken = takeIn(deps, page, known, next, done);
    known = isTaken ? next : store.fleetState.position(client.url);
    from = known;
    if (!isTaken) continue;
    left -= page.changes.length;
    if (!page.more || left <= 0) {
      const { sequence } = next;
      return { lastNumber: sequence, behind: page.more ? page.latest - sequence : 0, ...done };
    }
  }
}

/** Whether the page was stored; not where another process was quicker. */
function takeIn(
  deps: CatchUpDeps,
  page: ChangesPage,
  known: Position,
  next: Position,
  done: Counts,
): boolean {
  const { store, client } = deps;
  if (page.changes.length === 0 && isSame(next, known)) return true;
  if (deps.isDryRun) {
    takePage(deps, page, done);
    return true;
  }
  return store.transaction(() => {
    if (!isSame(store.fleetState.position(client.url), known)) return false;
    takePage(deps, page, done);
    store.fleetState.setPosition(client.url, next);
    return true;
  });
}

function isSame(p: Position, q: Position): boolean {
  return p.sequence === q.sequence && p.store === q.store;
}

type Counts = Omit<CaughtUp, 'lastNumber' | 'behind'>;

/** The allow-list goes first: what it protects from now on must not be blocked by the rest. */
function takePage(deps: CatchUpDeps, { changes }: ChangesPage, done: Counts): void {
  const { store } = deps;
  const listed = changes.filter((change) => change.type === 'allow');
  const notes = new Map(
    listed.length === 0 ? [] : store.allowed().map((own) => [formatPrefix(own.prefix), own.note]),
  );
  for (const change of listed) {
    const outcome = takeAllowed(deps, change, notes);
    if (outcome !== 'unchanged') done[outcome]++;
  }
  const here = { space: protectedSpace(store), logins: store.snapshot() };
  for (const change of changes) {
    if (change.type !== 'entry') continue;
    const kind = takeEntry(deps, change.entry, here);
    if (kind === 'blocked' || kind === 'expired' || kind === 'refused') done[kind]++;
  }
}

interface Around {
  readonly space: ProtectedSpace;
  readonly logins: Pick<Snapshot, 'loginsWithin'>;
}

/** What it did; 'prolonged' where the entry blocked already. */
function takeEntry(
  { store, policies, longestSeconds, now, isDryRun }: CatchUpDeps,
  told: FleetEntry,
  around: Around,
): Merge['kind'] | 'prolonged' {
  const { prefix } = told;
  const policy = policies.policyFor(prefix);
  const supernets = store.supernets(prefix);
  const logins = loginProtections(around.logins.loginsWithin(prefix), now(), policy);
  const here = {
    supernets,
    space: around.space.plus(logins),
    endedAt: () => store.history(prefix).at(-1)?.endedAt,
  };
  const merge = mergeEntry(told, here, { policy, longestSeconds }, now());
  const own = supernets.find((one) => one.prefix.length === prefix.length);
  const isProlonged = merge.kind === 'blocked' && own !== undefined && isActive(own, now());
  const kind = isProlonged ? 'prolonged' : merge.kind;
  if (merge.kind === 'unchanged' || merge.kind === 'refused' || isDryRun) return kind;
  const { entry } = merge;
  const before = own?.activations ?? 0;
  const ended = merge.kind === 'expired' ? { ended: { activation: before, at: now() } } : {};
  // Expired by hand, an activation keeps the end that it would have had.
  const isActivation = merge.kind === 'blocked' || entry.activations > before;
  const activations = isActivation ? [entry] : [];
  store.record({ entry, activations, cause: { origin: 'fleet', note: told.note }, ...ended });
  return kind;
}

/**
 * What was allowed here by hand stays, whatever the fleet does.
 * @param notes those of the allow-list, by prefix; kept up to date
 */
function takeAllowed(
  { store, isDryRun }: CatchUpDeps,
  { prefix, removed, note, at }: AllowedChange,
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
