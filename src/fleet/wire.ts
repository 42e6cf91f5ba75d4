import type { Expiry, Seconds } from '../blocklist/entry.ts';
import { McblockError } from '../errors.ts';
import { FAMILY_BITS } from '../net/address.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { contains, type Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import {
  address,
  expiry,
  type Field,
  flag,
  key,
  list,
  object,
  oneOf,
  optional,
  prefix,
  text,
  time,
  timeText,
  type ValueOf,
  whole,
} from './fields.ts';
import type {
  Changed,
  EntryHistory,
  FleetActivation,
  FleetAllowed,
  FleetEntry,
  Statement,
} from './fleet-store.ts';
import type { AllowReport, Report, ReportResult } from './report.ts';

/** Version 2 of what goes over the wire, both ways: prefixes whole, times ISO 8601 UTC. */

const OFFENCE = object({
  type: oneOf('offence'),
  key: optional(key(), undefined),
  address: address(),
  prefix: optional(prefix(), undefined),
  at: time(),
  firstSeen: optional(time(), undefined),
  count: optional(whole(1, 1_000_000), 1),
  origin: optional(oneOf('grok', 'pf'), 'grok'),
  service: text(64),
  message: text(64),
  log: optional(text(255), ''),
  host: optional(text(255), ''),
});

const BLOCK = object({
  type: oneOf('block'),
  key: optional(key(), undefined),
  prefix: prefix(),
  /** Left out: by the penalty. null: for ever. */
  until: optional(expiry(), undefined),
  exact: optional(flag(), false),
  note: optional(text(255), ''),
});

const EXPIRE = object({
  type: oneOf('expire'),
  key: optional(key(), undefined),
  prefix: prefix(),
});

const ALLOW = object({ prefix: prefix(), note: optional(text(255), '') });

/** Reads the reports of `POST /v2/reports`, at most so many. Throws McblockError('input'). */
export function reportsField(most: number): Field<{ readonly reports: readonly Report[] }> {
  const report: Field<Report> = {
    schema: { oneOf: [OFFENCE.schema, BLOCK.schema, EXPIRE.schema] },
    isOptional: false,
    read: readReport,
  };
  return object({ reports: list(report, most) });
}

/** Reads the prefix of `POST` and `DELETE /v2/allow`. */
export function allowField(kind: AllowReport['kind']): Field<AllowReport> {
  return {
    schema: ALLOW.schema,
    isOptional: false,
    read: (value, path) => ({ kind, ...ALLOW.read(value, path) }),
  };
}

/** Reads the prefix at the end of `/v2/entries/192.0.2.0/24`. */
export function pathPrefix(): Field<Prefix> {
  const properties = { address: { type: 'string' }, length: { type: 'string' } };
  return { schema: { type: 'object', properties }, isOptional: false, read: readPathPrefix };
}

function readPathPrefix(value: unknown): Prefix {
  const { address: network, length } = value as Readonly<Record<'address' | 'length', string>>;
  const family = parseAddress(network)?.family;
  if (family === undefined || !/^\d{1,3}$/.test(length) || Number(length) > FAMILY_BITS[family]) {
    throw new McblockError('input', 'the path must end in a prefix such as 192.0.2.0/24');
  }
  return parsePrefix(`${network}/${length}`);
}

function readReport(value: unknown, path: string): Report {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : '';
  if (type === 'block') return blockOf(BLOCK.read(value, path));
  if (type === 'expire') {
    const read = EXPIRE.read(value, path);
    return { kind: 'expire', key: read.key, prefix: read.prefix };
  }
  if (type === 'offence') return offenceOf(OFFENCE.read(value, path), path);
  throw new McblockError('input', `${path}.type must be one of offence, block, expire`);
}

function blockOf({ key: own, prefix: wanted, until, exact, note }: ValueOf<typeof BLOCK>): Report {
  return { kind: 'block', key: own, prefix: wanted, until, exact, note };
}

function offenceOf({ type: kind, ...read }: ValueOf<typeof OFFENCE>, path: string): Report {
  const { at, firstSeen = at } = read;
  if (firstSeen > at) {
    throw new McblockError('input', `${path}.firstSeen cannot be later than ${path}.at`);
  }
  if (read.prefix !== undefined && !contains(read.prefix, read.address)) {
    throw new McblockError('input', `${path}.address does not lie in ${path}.prefix`);
  }
  return { kind, ...read, firstSeen };
}

export function resultJson({ outcome, prefix: entry, expiresAt, reason }: ReportResult): object {
  if (reason !== '') return { outcome, reason };
  if (entry === undefined) return { outcome };
  const shown = { outcome, prefix: formatPrefix(entry) };
  return expiresAt === undefined ? shown : { ...shown, expiresAt: expiryText(expiresAt) };
}

/** What changed. Whether an entry is active is for the reader to see: it changes by itself. */
export function changedJson(changed: Changed): object {
  return changed.kind === 'entry'
    ? { type: 'entry', ...entryJson(changed.value) }
    : { type: 'allow', ...allowedJson(changed.value) };
}

export function allowedJson({
  prefix: one,
  sequence,
  removed,
  note,
  by,
  at,
}: FleetAllowed): object {
  return { sequence, prefix: formatPrefix(one), removed, note, by, at: timeText(at) };
}

export function historyJson(history: EntryHistory): object {
  return {
    ...entryJson(history),
    history: history.activations.map(activationJson),
    evidence: history.statements.map(statementJson),
  };
}

function entryJson({ entry, sequence, activation }: FleetEntry): object {
  const { firstSeen, lastSeen, activatedAt } = entry;
  return {
    sequence,
    prefix: formatPrefix(entry.prefix),
    activations: entry.activations,
    hits: entry.hits,
    firstSeen: timeOrNull(firstSeen),
    lastSeen: timeOrNull(lastSeen),
    activatedAt: timeOrNull(activatedAt),
    expiresAt: expiryText(entry.expiresAt),
    // Only then did somebody end it; else its time was over.
    endedAt: timeOrNull(activation.endedAt),
    origin: entry.origin,
    note: entry.note,
  };
}

function activationJson({ number, at, until, endedAt, origin, note, by }: FleetActivation): object {
  const ended = timeOrNull(endedAt);
  return { number, at: timeText(at), until: expiryText(until), endedAt: ended, origin, note, by };
}

function statementJson(statement: Statement): object {
  const { activation, by, kind, service, message, log, host, count } = statement;
  return {
    activation,
    by,
    type: kind,
    address: statement.address === undefined ? null : formatAddress(statement.address),
    service,
    message,
    log,
    host,
    count,
    firstSeen: timeText(statement.firstSeen),
    lastSeen: timeText(statement.lastSeen),
  };
}

function timeOrNull(at: Seconds | undefined): string | null {
  return at === undefined ? null : timeText(at);
}

/** null is for ever. */
function expiryText(at: Expiry): string | null {
  return at === 'forever' ? null : timeText(at);
}
