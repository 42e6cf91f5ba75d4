import { setTimeout as pause } from 'node:timers/promises';
import { isActive, outlasts, type Seconds } from '../../blocklist/entry.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import { needsQuorum } from '../../blocklist/quorum.ts';
import { type Merge, mergeEntry } from '../../fleet/client/merge.ts';
import type {
  ChangesPage,
  RemoteAllowed,
  RemoteChange,
  RemoteEntry,
} from '../../fleet/client/remote-change.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Position } from '../../store/fleet-state.ts';
import type { Snapshot } from '../../store/snapshot.ts';
import type { Store } from '../../store/store.ts';
import { isToldOf, withdrawRemote } from '../judge/withdraw.ts';
import { protectedSpace, withLogins } from '../protected-space.ts';
import { ShareLimit } from '../record/share-limit.ts';
import { UserLimit } from '../record/user-limit.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';
import { remoteEvidence } from './remote-evidence.ts';

/** The note of allow-list entries that came from the fleet. */
const FLEET_NOTE = 'fleet';
/** A slice has no more changes than this. */
const SLICE_CHANGES = 200;
/** After this time what was applied is committed, and others have their turn for as long. */
const SLICE_MILLISECONDS = 5;

type Counts = Omit<CatchUpResult, 'lastNumber' | 'behind' | 'unshared'>;

/** What entries are judged by. */
interface Around {
  readonly space: ProtectedSpace;
  readonly logins: Pick<Snapshot, 'loginsWithin'>;
  readonly limit: ShareLimit;
  readonly users: UserLimit;
}

/** How far a page is applied. */
interface Progress {
  applied: number;
  /** The number of the first change that exceeds a limit. */
  refused: number | undefined;
}

/**
 * Applies changes of the fleet to the store, some milliseconds' worth in each transaction. A page
 * that was applied in part is applied again as a whole: what is done already changes nothing.
 */
export class ChangeApplier {
  readonly done: Counts = { blocked: 0, expired: 0, allowed: 0, refused: 0, held: 0 };
  readonly #store: Store;
  readonly #url: string;
  readonly #options: CatchUpOptions;
  readonly #isDryRun: boolean;
  #around: Around | undefined;
  /** Notes of what is on the allow-list for good, by prefix. */
  #notes: Map<string, string> | undefined;
  #stateAfter = '';

  /**
   * @param url the server
   * @param isDryRun counts, and stores nothing
   */
  constructor(store: Store, url: string, options: CatchUpOptions, isDryRun: boolean) {
    this.#store = store;
    this.#url = url;
    this.#options = options;
    this.#isDryRun = isDryRun;
  }

  /**
   * Applies a page and, with the last of it, records the position after it. False if another process
   * has applied changes since `known`.
   */
  async apply({ changes }: ChangesPage, known: Position, next: Position): Promise<boolean> {
    if (changes.length === 0 && isSame(next, known)) return true;
    const ordered = changes.toSorted((p, q) => rankOf(p, this.#now) - rankOf(q, this.#now));
    const progress: Progress = { applied: 0, refused: undefined };
    do {
      // Another process that waits for the store finds it free.
      await pause(progress.applied === 0 ? 0 : SLICE_MILLISECONDS);
      if (!this.#applySlice(ordered, progress, known, next)) return false;
    } while (progress.applied < ordered.length);
    return true;
  }

  get #now(): Seconds {
    return this.#options.now();
  }

  #applySlice(
    changes: readonly RemoteChange[],
    progress: Progress,
    known: Position,
    next: Position,
  ): boolean {
    const store = this.#store;
    if (this.#isDryRun) {
      this.#applySome(changes, progress, Number.POSITIVE_INFINITY);
      return true;
    }
    return store.fleetState.applying(() => {
      if (!isSame(store.fleetState.position(this.#url), known)) return false;
      if (store.fleetState.states.before !== this.#stateAfter) this.#forget();
      this.#applySome(changes, progress, performance.now() + SLICE_MILLISECONDS);
      this.#around?.limit.recordRefusals();
      this.#around?.users.record();
      this.#stateAfter = store.fleetState.states.after;
      if (progress.applied < changes.length) return true;
      store.fleetState.setPosition(this.#url, next);
      const { refused } = progress;
      if (refused !== undefined) store.fleetState.setRefused(this.#url, refused, this.#now);
      return true;
    });
  }

  /** Applies as many as there is time for, at least one. */
  #applySome(changes: readonly RemoteChange[], progress: Progress, until: number): void {
    const { applied } = progress;
    const most = this.#isDryRun ? changes.length : SLICE_CHANGES;
    for (const change of changes.slice(applied, applied + most)) {
      if (change.type === 'allow') this.#allow(change);
      else this.#count(change, progress);
      progress.applied++;
      if (performance.now() >= until) return;
    }
  }

  #forget(): void {
    this.#around = undefined;
    this.#notes = undefined;
  }

  #allow(change: RemoteAllowed): void {
    this.#notes ??= this.#notesOfAllowed();
    const outcome = this.#applyAllowed(change, this.#notes);
    if (outcome === 'unchanged') return;
    this.done[outcome]++;
    this.#around = undefined;
  }

  /** What somebody allowed for a time here must not keep the fleet from allowing it for longer. */
  #notesOfAllowed(): Map<string, string> {
    const lasting = this.#store.allowed().filter(({ expiresAt }) => expiresAt === 'forever');
    return new Map(lasting.map(({ prefix, note }) => [formatPrefix(prefix), note]));
  }

  #count(change: RemoteEntry, progress: Progress): void {
    const { done } = this;
    this.#around ??= this.#read();
    const kind = this.#applyEntry(change, this.#around);
    if (kind === 'too much' || kind === 'held') {
      progress.refused = Math.min(change.sequence, progress.refused ?? change.sequence);
    }
    if (kind === 'too much' || kind === 'refused') done.refused++;
    if (kind === 'blocked' || kind === 'expired' || kind === 'held') done[kind]++;
  }

  #read(): Around {
    const store = this.#store;
    const { policies } = this.#options;
    return {
      space: protectedSpace(store, policies, this.#now),
      logins: store.snapshot(),
      limit: new ShareLimit(store, policies.limits.share, this.#now),
      users: new UserLimit(store, policies.limits, this.#now, 0),
    };
  }

  /** The effect; 'prolonged' if the entry was active already. */
  #applyEntry(change: RemoteEntry, around: Around): Merge['kind'] | 'prolonged' | 'too much' {
    const store = this.#store;
    const { policies, longestSeconds, now } = this.#options;
    const { entry: remote, activatedBy, isWithdrawn } = change;
    const { prefix } = remote;
    if (isWithdrawn) {
      const isDone = withdrawRemote(store, remote, activatedBy, now(), this.#isDryRun);
      return isDone ? 'expired' : 'unchanged';
    }
    const policy = policies.policyFor(prefix);
    const supernets = store.supernets(prefix);
    const own = supernets.find((one) => one.prefix.length === prefix.length);
    const here = {
      supernets,
      space: withLogins(around.space, store, around.logins, prefix, policy, now()),
      // Only needed for what has ended.
      isTold:
        own !== undefined &&
        remote.endedAt !== undefined &&
        isToldOf(own, store.history(prefix).at(-1), remote, activatedBy),
    };
    const merge = mergeEntry(change, here, { policy, longestSeconds }, now());
    const isProlonged = merge.kind === 'blocked' && own !== undefined && isActive(own, now());
    const kind = isProlonged ? 'prolonged' : merge.kind;
    if (merge.kind === 'blocked' && !around.limit.admits(merge.entry)) return 'too much';
    if (
      kind === 'blocked' &&
      merge.kind === kind &&
      !around.users.admits(merge.entry, activatedBy)
    ) {
      return 'too much';
    }
    if (merge.kind === 'unchanged' || merge.kind === 'refused' || this.#isDryRun) return kind;
    const { claims } = store.fleetState;
    if (merge.kind === 'held') {
      claims.claim(prefix, activatedBy.by, remote.expiresAt, now());
      return kind;
    }
    const { entry } = merge;
    if (needsQuorum(prefix, policy)) claims.settle(prefix);
    const before = own?.activations ?? 0;
    const endedAt = entry.endedAt ?? now();
    const ended = merge.kind === 'expired' ? { ended: { activation: before, at: endedAt } } : {};
    // An activation that is expired by hand keeps its original end.
    const isActivation = merge.kind === 'blocked' || entry.activations > before;
    const activations = isActivation ? [entry] : [];
    const cause = { origin: 'fleet', note: remote.note, maker: activatedBy } as const;
    const evidence = isActivation ? remoteEvidence(store, change, entry, before, now()) : [];
    store.record({ entry, activations, cause, evidence, ...ended });
    return kind;
  }

  /**
   * Prefixes that were allowed by hand on this machine stay allowed, whatever the fleet does.
   * @param notes notes of the allow-list by prefix, which are updated
   */
  #applyAllowed(
    { prefix, removed, note, at }: RemoteAllowed,
    notes: Map<string, string>,
  ): 'allowed' | 'refused' | 'unchanged' {
    const store = this.#store;
    if (isTooWide(prefix)) return removed ? 'unchanged' : 'refused';
    const name = formatPrefix(prefix);
    const own = notes.get(name);
    if (removed ? own === undefined || !isOfFleet(own) : own !== undefined) return 'unchanged';
    if (removed) notes.delete(name);
    else notes.set(name, FLEET_NOTE);
    if (this.#isDryRun) return 'allowed';
    if (removed) store.disallow(prefix);
    else store.allow(prefix, note === '' ? FLEET_NOTE : `${FLEET_NOTE}: ${note}`, at);
    return 'allowed';
  }
}

/** The allow-list goes first, because it protects, then what has ended, because it makes room. */
function rankOf(change: RemoteChange, now: Seconds): number {
  if (change.type === 'allow') return 0;
  return outlasts(change.entry.expiresAt, now) ? 2 : 1;
}

function isSame(p: Position, q: Position): boolean {
  return p.sequence === q.sequence && p.store === q.store;
}

function isOfFleet(note: string): boolean {
  return note === FLEET_NOTE || note.startsWith(`${FLEET_NOTE}: `);
}
