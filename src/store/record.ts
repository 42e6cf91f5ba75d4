import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Login } from '../blocklist/trust.ts';
import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import {
  addedLater,
  type Codec,
  checked,
  isObject,
  lazy,
  list,
  nullable,
  object,
  optional,
  refuse,
} from '../validation/codec.ts';
import { EVIDENCE } from '../validation/evidence.ts';
import { OFFENCE } from '../validation/offence.ts';
import {
  address,
  boolean,
  day,
  digest,
  expiry,
  origin,
  prefix,
  text,
  time,
  whole,
} from '../validation/values.ts';
import type { AllowedPrefix } from './allowed.ts';
import type { Feed } from './feeds.ts';
import { DEFAULT_FEED_LIMITS } from './feeds.ts';
import type { Activation } from './history.ts';
import type { ReadLog } from './logs.ts';

/** An entry that was forgotten by hand, with its history. */
export interface ForgottenEntry {
  readonly entry: Entry;
  readonly history: readonly Activation[];
  readonly forgottenAt: Seconds;
}

/** An export has a header, then one record per line. */
export type StoreRecord =
  | { readonly type: 'entry'; readonly entry: Entry; readonly history: readonly Activation[] }
  | { readonly type: 'forgotten'; readonly forgotten: ForgottenEntry }
  | { readonly type: 'allow'; readonly allowed: AllowedPrefix }
  | { readonly type: 'log'; readonly log: ReadLog }
  | { readonly type: 'login'; readonly login: Login }
  | { readonly type: 'pending'; readonly offence: Offence }
  | { readonly type: 'feed'; readonly feed: Feed; readonly prefixes: PrefixList };

/**
 * The first line of an export. Readers ignore fields that they do not know, so a new field needs no
 * new version.
 */
export const HEADER = { format: 'mcblock', version: 1 } as const;

const makerFields = () => ({ by: optional(text(), ''), byAdmin: optional(boolean(), false) });

const entryFields = () => ({
  prefix: prefix(),
  origin: origin(),
  ...makerFields(),
  note: text(),
  activations: whole(0),
  hits: whole(0),
  firstSeen: nullable(time()),
  lastSeen: nullable(time()),
  activatedAt: nullable(time()),
  expiresAt: expiry(),
  endedAt: addedLater(nullable(time())),
  rule: addedLater(nullable(text())),
  hitDays: list(day()),
});

/** An activation in an export. */
export const ACTIVATION = lazy(() =>
  object({
    number: whole(1),
    at: time(),
    until: expiry(),
    endedAt: nullable(time()),
    origin: origin(),
    ...makerFields(),
    note: text(),
    rule: addedLater(nullable(text())),
    evidence: list(EVIDENCE),
  }),
);

const HISTORY = lazy(() =>
  checked(list(ACTIVATION), (history) => {
    const index = history.findIndex(({ number }, i) => number <= (history[i - 1]?.number ?? 0));
    return index < 0 ? undefined : `activation ${history[index]?.number} is out of order`;
  }),
);

const LOGIN_FIELDS = lazy(() =>
  object({
    address: address(),
    at: time(),
    first: addedLater(nullable(time())),
    service: addedLater(nullable(text())),
    user: addedLater(nullable(whole(1))),
    lost: addedLater(nullable(time())),
  }),
);

/** `at` is the last login: earlier versions know no other. */
const LOGIN: Codec<Login> = lazy(() => ({
  ...LOGIN_FIELDS,
  read: (value, path) => {
    const { at, first = at, service = '', ...rest } = LOGIN_FIELDS.read(value, path);
    return { ...rest, service, first: Math.min(first, at), last: at };
  },
  write: ({ last, lost, ...rest }) => LOGIN_FIELDS.write({ ...rest, lost, at: last }),
}));

const CODECS = {
  entry: lazy(() => object({ ...entryFields(), history: HISTORY })),
  allow: lazy(() =>
    object({
      prefix: prefix(),
      note: text(),
      addedAt: time(),
      expiresAt: optional(expiry(), 'forever'),
    }),
  ),
  log: lazy(() =>
    object({
      digest: digest(),
      name: text(),
      bytes: whole(0),
      lines: whole(0),
      firstEvent: nullable(time()),
      lastEvent: nullable(time()),
      readAt: time(),
      head: digest(),
    }),
  ),
  login: LOGIN,
  pending: OFFENCE,
  feed: lazy(() =>
    object({
      name: text(),
      source: text(),
      fetchedAt: time(),
      etag: nullable(text()),
      lastModified: nullable(text()),
      limits: optional(
        object({ minLines: whole(1), maxSizeBytes: whole(1), ca: text() }),
        DEFAULT_FEED_LIMITS,
      ),
      prefixes: list(prefix()),
    }),
  ),
  forgotten: lazy(() => object({ ...entryFields(), history: HISTORY, forgottenAt: time() })),
} as const;

/** Throws McblockError('input') unless the row is the header of a version that this one reads. */
export function checkHeader(row: unknown): void {
  if (!isObject(row) || row['format'] !== HEADER.format) {
    throw new McblockError(
      'input',
      `not an export of mcblock: the first line must be ${JSON.stringify(HEADER)}`,
    );
  }
  if (row['version'] !== HEADER.version) {
    throw new McblockError(
      'input',
      `export of version ${JSON.stringify(row['version'])}, this mcblock reads ${HEADER.version}; update mcblock`,
    );
  }
}

/** The record as plain JSON: whole prefixes, times in ISO 8601 UTC, null for undefined and for ever. */
export function rowOfRecord(record: StoreRecord): object {
  const { type } = record;
  return { type, ...(bodyOf(record) as object) };
}

function ruled(entry: Entry) {
  return { ...entry, rule: entry.rule };
}

function bodyOf(record: StoreRecord): unknown {
  switch (record.type) {
    case 'entry':
      return CODECS.entry.write({ ...ruled(record.entry), history: record.history });
    case 'forgotten': {
      const { entry, ...rest } = record.forgotten;
      return CODECS.forgotten.write({ ...ruled(entry), ...rest });
    }
    case 'allow':
      return CODECS.allow.write(record.allowed);
    case 'log':
      return CODECS.log.write(record.log);
    case 'login':
      return CODECS.login.write(record.login);
    case 'pending':
      return CODECS.pending.write(record.offence);
    case 'feed':
      return CODECS.feed.write({ ...record.feed, prefixes: [...record.prefixes] });
  }
}

/** The inverse of {@link rowOfRecord}; checks every field. Throws McblockError('input'). */
export function recordOfRow(row: unknown): StoreRecord {
  if (!isObject(row)) return refuse('the record', 'a JSON object', row);
  const { type } = row;
  switch (type) {
    case 'entry': {
      const { history, ...entry } = CODECS.entry.read(row, '');
      // Earlier versions recorded this of activations only.
      const { endedAt = endOfLatest(entry.activations, history) } = entry;
      return { type, entry: { ...entry, endedAt }, history };
    }
    case 'forgotten': {
      const { history, forgottenAt, ...entry } = CODECS.forgotten.read(row, '');
      return { type, forgotten: { entry, history, forgottenAt } };
    }
    case 'allow':
      return { type, allowed: CODECS.allow.read(row, '') };
    case 'log':
      return { type, log: CODECS.log.read(row, '') };
    case 'login':
      return { type, login: CODECS.login.read(row, '') };
    case 'pending':
      return { type, offence: CODECS.pending.read(row, '') };
    case 'feed': {
      const feed = CODECS.feed.read(row, '');
      const prefixes = PrefixList.from(feed.prefixes);
      return { type, feed: { ...feed, prefixes: prefixes.size }, prefixes };
    }
    default:
      return refuse('type', `one of ${Object.keys(CODECS).join(', ')}`, type);
  }
}

function endOfLatest(activations: number, history: readonly Activation[]): Seconds | undefined {
  const latest = history.at(-1);
  return latest?.number === activations ? latest.endedAt : undefined;
}
