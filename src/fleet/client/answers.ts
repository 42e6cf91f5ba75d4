import { ORIGINS } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import {
  expiry,
  type Field,
  flag,
  list,
  object,
  oneOf,
  optional,
  prefix,
  text,
  time,
  type ValueOf,
  whole,
} from '../fields.ts';
import type {
  ChangesPage,
  RemoteAllowed,
  RemoteChange,
  RemoteEntry,
  RemoteResult,
} from './remote-change.ts';

/** What a server answers, read with as much distrust as what a client sends. */

const MAX_HITS = 1e12;
const MAX_ACTIVATIONS = 1e6;
const TEXT_CHARACTERS = 4096;

const ENTRY = tolerant({
  sequence: whole(0, Number.MAX_SAFE_INTEGER),
  prefix: prefix(),
  activations: whole(0, MAX_ACTIVATIONS),
  hits: whole(0, MAX_HITS),
  firstSeen: nullable(time()),
  lastSeen: nullable(time()),
  activatedAt: nullable(time()),
  expiresAt: expiry(),
  endedAt: optional(nullable(time()), undefined),
  origin: oneOf(...ORIGINS),
  note: text(TEXT_CHARACTERS),
});

const ALLOWED = tolerant({
  sequence: whole(0, Number.MAX_SAFE_INTEGER),
  prefix: prefix(),
  removed: flag(),
  note: text(TEXT_CHARACTERS),
  at: time(),
});

const PAGE = tolerant({
  store: optional(text(64), ''),
  next: whole(0, Number.MAX_SAFE_INTEGER),
  more: flag(),
  latest: optional(whole(0, Number.MAX_SAFE_INTEGER), undefined),
  changes: list<unknown>({ schema: {}, isOptional: false, read: (value) => value }, 100_000),
});

const RESULTS = tolerant({
  results: list(
    tolerant({ outcome: text(64), reason: optional(text(TEXT_CHARACTERS), '') }),
    1_000_000,
  ),
});

/**
 * A page of changes after a number. Throws McblockError('input') where any of it is not what it
 * should be: then none of it is taken.
 */
export function readChanges(body: Buffer, since: number): ChangesPage {
  const { store, next, more, latest, changes } = PAGE.read(jsonOf(body), '');
  const read = changes.map((change, index) => readChange(change, `changes[${index}]`));
  let last = since;
  for (const { sequence } of read) {
    if (sequence <= last) throw new McblockError('input', 'its changes are not in order');
    last = sequence;
  }
  // Without this a server could keep a client asking for ever.
  if (next < last || (more && (changes.length === 0 || next !== last))) {
    throw new McblockError('input', `after ${last} it would go on with ${next}`);
  }
  const newest = Math.max(latest ?? 0, more ? next + 1 : next);
  return { store, next, more, latest: newest, changes: read };
}

/** One for each of so many reports. Throws McblockError('input'). */
export function readResults(body: Buffer, count: number): readonly RemoteResult[] {
  const { results } = RESULTS.read(jsonOf(body), '');
  if (results.length === count) return results;
  throw new McblockError('input', `it was sent ${count} reports and answered ${results.length}`);
}

/** Why the server did not do what it was asked, as it says itself. */
export function readReason(body: Buffer): string {
  try {
    const said = tolerant({ error: text(TEXT_CHARACTERS) }).read(jsonOf(body), '').error;
    return said.slice(0, 500);
  } catch {
    return 'it does not say why';
  }
}

function readChange(value: unknown, path: string): RemoteChange {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : '';
  if (type === 'allow') return { type, ...(ALLOWED.read(value, path) satisfies RemoteAllowed) };
  if (type !== 'entry') throw new McblockError('input', `${path}.type must be entry or allow`);
  const { sequence, endedAt, ...fields } = ENTRY.read(value, path);
  const entry: RemoteEntry = { ...fields, hitDays: [], endedAt };
  if ((entry.activations === 0) !== (entry.activatedAt === undefined)) {
    throw new McblockError('input', `${path} has activations without a time, or the reverse`);
  }
  return { type, sequence, entry };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new McblockError('input', 'its answer is no JSON', { cause: error });
  }
}

/** An object of which only these fields are looked at: a newer server may say more. */
function tolerant<F extends Readonly<Record<string, Field<unknown>>>>(
  fields: F,
): Field<{ readonly [K in keyof F]: ValueOf<F[K]> }> {
  const strict = object(fields);
  return {
    ...strict,
    read: (value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return strict.read(value, path);
      }
      const known = Object.entries(value).filter(([name]) => Object.hasOwn(fields, name));
      return strict.read(Object.fromEntries(known), path);
    },
  };
}

/** null is that there is none. */
function nullable<T>(inner: Field<T>): Field<T | undefined> {
  return {
    ...inner,
    read: (value, path) => (value === null ? undefined : inner.read(value, path)),
  };
}
