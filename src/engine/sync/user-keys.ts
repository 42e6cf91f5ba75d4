import type { FleetClient } from '../../fleet/client/client.ts';
import type { Store } from '../../store/store.ts';

/** This machine as a user of the API, and its public key. */
export interface OwnKey {
  readonly name: string;
  readonly key: string;
}

/** A user's key that changed. */
interface KeyChange {
  readonly name: string;
  readonly key: string;
  readonly before: string;
}

/**
 * `foreign`: the API has another key of this machine, which only its owner may replace. `unknown`: the
 * server is too old to distribute keys.
 */
export type OwnKeyState = 'registered' | 'foreign' | 'missing' | 'unknown';

export interface FetchedKeys {
  readonly own: OwnKeyState;
  /** Whether any key is new, or gone. */
  readonly isNew: boolean;
  /** The number of keys. */
  readonly count: number;
  /** The keys of others that replace earlier ones. */
  readonly changes: readonly KeyChange[];
}

/** What is wrong, and what to do. */
export const KEY_FAULTS: Readonly<Record<OwnKeyState, readonly [string, string] | undefined>> = {
  registered: undefined,
  foreign: ['the API has another key of this machine', 'run mcblock key'],
  missing: ['the API has no key of this machine', 'run mcblock key'],
  unknown: ['the API server is too old to distribute keys', 'update the server'],
};

/** What the API has for this machine. Throws what the client throws. */
export async function ownKeyState(client: FleetClient, own: OwnKey): Promise<OwnKeyState> {
  const keys = await client.keys();
  if (keys === undefined) return 'unknown';
  const found = keys.find(({ name }) => name === own.name);
  if (found === undefined) return 'missing';
  return found.key === own.key ? 'registered' : 'foreign';
}

/**
 * Fetches the keys of all users into the store, and registers this machine's if the API has none.
 * Throws what the client throws.
 */
export async function fetchUserKeys(
  store: Store,
  client: FleetClient,
  own: OwnKey,
): Promise<FetchedKeys> {
  const fetched = await client.keys();
  if (fetched === undefined) return { own: 'unknown', isNew: false, count: 0, changes: [] };
  const keys = new Map(fetched.map(({ name, key }) => [name, key]));
  const isMissing = !keys.has(own.name);
  if (isMissing) keys.set(own.name, own.key);
  const before = store.fleetState.senders.keys();
  const all = Array.from(keys, ([name, key]) => ({ name, key, before: before.get(name) ?? '' }));
  const isSame = before.size === keys.size && all.every(({ key, before: old }) => key === old);
  if (!isSame) store.fleetState.senders.replaceKeys(keys);
  if (isMissing) await client.setKey(own.key);
  return {
    own: keys.get(own.name) === own.key ? 'registered' : 'foreign',
    isNew: !isSame,
    count: keys.size,
    changes: all.filter(({ key, before: old }) => old !== '' && key !== old),
  };
}
