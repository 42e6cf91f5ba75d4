import type { Entry } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { type Codec, isObject, list, nullable, object, optional } from '../../validation/codec.ts';
import { FLEET_FEED, FLEET_FEEDS } from '../../validation/feeds.ts';
import { USER_KEYS } from '../../validation/user-keys.ts';
import {
  boolean,
  expiry,
  origin,
  prefix,
  printableText,
  time,
  whole,
} from '../../validation/values.ts';
import { SENT_EVIDENCE } from '../sent-evidence.ts';
import type { UserKey } from '../user.ts';
import type {
  ChangesPage,
  RemoteAllowed,
  RemoteChange,
  RemoteFeed,
  RemoteFeedList,
  RemoteResult,
} from './remote-change.ts';

/** Reads a server's answers with as much distrust as the server reads requests. */

const MAX_HITS = 1e12;
const MAX_ACTIVATIONS = 1e6;
const TEXT_CHARACTERS = 4096;
const READ_AT_ONCE = 200;

const ENTRY = object({
  sequence: whole(0, Number.MAX_SAFE_INTEGER),
  prefix: prefix(1),
  activations: whole(0, MAX_ACTIVATIONS),
  hits: whole(0, MAX_HITS),
  firstSeen: nullable(time()),
  lastSeen: nullable(time()),
  activatedAt: nullable(time()),
  expiresAt: expiry(),
  endedAt: optional(nullable(time()), undefined),
  withdrawn: optional(boolean(), false),
  shared: optional(boolean(), false),
  origin: origin(),
  // Earlier servers do not say who made an entry.
  by: optional(printableText(64), ''),
  byAdmin: optional(boolean(), false),
  activatedBy: optional(printableText(64), ''),
  activatedByAdmin: optional(boolean(), false),
  note: printableText(TEXT_CHARACTERS),
  evidence: optional(SENT_EVIDENCE, []),
});

const ALLOWED = object({
  sequence: whole(0, Number.MAX_SAFE_INTEGER),
  prefix: prefix(1),
  removed: boolean(),
  note: printableText(TEXT_CHARACTERS),
  at: time(),
});

/** Each change is read by its type. */
const ANYTHING: Codec<unknown> = {
  schema: {},
  isOptional: false,
  read: (value) => value,
  write: (value) => value,
};

const PAGE = object({
  store: optional(printableText(64), ''),
  next: whole(0, Number.MAX_SAFE_INTEGER),
  more: boolean(),
  latest: optional(whole(0, Number.MAX_SAFE_INTEGER), undefined),
  changes: list(ANYTHING, 100_000),
});

const RESULTS = object({
  results: list(
    object({
      outcome: printableText(64),
      reason: optional(printableText(TEXT_CHARACTERS), ''),
      held: optional(prefix(1), undefined),
    }),
    1_000_000,
  ),
});

/**
 * A page of changes after a number. Other work of the process has its turn meanwhile. Throws
 * McblockError('input') if any part of it is invalid.
 */
export async function readChanges(body: Buffer, since: number): Promise<ChangesPage> {
  const { store, next, more, latest, changes } = PAGE.read(jsonOf(body), '');
  const read: RemoteChange[] = [];
  let last = since;
  for (const [index, value] of changes.entries()) {
    if (index % READ_AT_ONCE === 0) await new Promise(setImmediate);
    const change = readChange(value, `changes[${index}]`);
    if (change.sequence <= last) throw new McblockError('input', 'the changes are not in order');
    last = change.sequence;
    read.push(change);
  }
  // Otherwise a server could keep a client asking without end.
  if (next < last || (more && (changes.length === 0 || next !== last))) {
    throw new McblockError('input', `next is ${next} after change ${last}`);
  }
  const newest = Math.max(latest ?? 0, more ? next + 1 : next);
  return { store, next, more, latest: newest, changes: read };
}

/** The results of `count` reports. Throws McblockError('input'). */
export function readResults(body: Buffer, count: number): readonly RemoteResult[] {
  const { results } = RESULTS.read(jsonOf(body), '');
  if (results.length === count) return results;
  throw new McblockError('input', `${results.length} results for ${count} reports`);
}

/** The keys of the users. Throws McblockError('input'). */
export function readKeys(body: Buffer): readonly UserKey[] {
  return USER_KEYS.read(jsonOf(body), '').keys;
}

/** The feeds of the fleet. Throws McblockError('input'). */
export function readFleetFeeds(body: Buffer): readonly RemoteFeed[] {
  return FLEET_FEEDS.read(jsonOf(body), '').feeds;
}

/** One of them. Throws McblockError('input'). */
export function readFleetFeed(body: Buffer): RemoteFeedList {
  return FLEET_FEED.read(jsonOf(body), '');
}

/** The server's reason for an error. */
export function readReason(body: Buffer): string {
  try {
    const { error } = object({ error: printableText(TEXT_CHARACTERS) }).read(jsonOf(body), '');
    return error.slice(0, 500);
  } catch {
    return 'no reason given';
  }
}

function readChange(value: unknown, path: string): RemoteChange {
  const type = isObject(value) ? value['type'] : undefined;
  if (type === 'allow') return { type, ...(ALLOWED.read(value, path) satisfies RemoteAllowed) };
  if (type !== 'entry') throw new McblockError('input', `${path}.type must be entry or allow`);
  const {
    sequence,
    activatedBy,
    activatedByAdmin,
    withdrawn: isWithdrawn,
    shared: isShared,
    evidence,
    ...fields
  } = ENTRY.read(value, path);
  const entry: Entry = { ...fields, hitDays: [] };
  if ((entry.activations === 0) !== (entry.activatedAt === undefined)) {
    throw new McblockError('input', `${path} has activations without a time, or the reverse`);
  }
  const activatedByWhom = { by: activatedBy, byAdmin: activatedByAdmin };
  const states = { isShared, isWithdrawn };
  return { type, sequence, entry, activatedBy: activatedByWhom, evidence, ...states };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new McblockError('input', 'not JSON', { cause: error });
  }
}
