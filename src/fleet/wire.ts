import { McblockError } from '../errors.ts';
import { FAMILY_BITS } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import { type Codec, type Decoder, isObject, list, object, refuse } from '../validation/codec.ts';
import { codecsOf, EVIDENCE_FIELDS } from '../validation/evidence.ts';
import {
  ALLOW_REPORT,
  BLOCK_REPORT,
  EXPIRE_REPORT,
  OFFENCE_REPORT,
  PENDING_REPORT,
  WITHDRAW_REPORT,
} from '../validation/reports.ts';
import { expiryText, timeOrNull, timeText } from '../validation/time-text.ts';
import type {
  Changed,
  EntryHistory,
  FleetActivation,
  FleetAllowed,
  FleetEntry,
  FleetEvidence,
} from './fleet-store.ts';
import type { AllowReport, Report, ReportResult } from './report.ts';
import { SENT_EVIDENCE } from './sent-evidence.ts';

/**
 * The wire format of version 2. A reader ignores fields that it does not know; which fields a server
 * knows it states as its revision (revision.ts).
 */

const REPORT: Codec<Report> = {
  schema: {
    oneOf: [
      OFFENCE_REPORT.schema,
      BLOCK_REPORT.schema,
      EXPIRE_REPORT.schema,
      WITHDRAW_REPORT.schema,
      PENDING_REPORT.schema,
    ],
  },
  isOptional: false,
  read: readReport,
  write: (report) => report,
};

/** The body of `POST /v2/reports`. */
export function reportsDecoder(most: number): Decoder<{ readonly reports: readonly Report[] }> {
  return object({ reports: list(REPORT, most) });
}

/** The body of `POST` and `DELETE /v2/allow`. */
export function allowDecoder(kind: AllowReport['kind']): Decoder<AllowReport> {
  return {
    schema: ALLOW_REPORT.schema,
    isOptional: false,
    read: (value, path) => ({ kind, ...ALLOW_REPORT.read(value, path) }),
  };
}

/** Reads the prefix at the end of `/v2/entries/192.0.2.0/24`. */
export function pathPrefix(): Decoder<Prefix> {
  const properties = {
    address: { type: 'string', description: 'the first address of the prefix' },
    length: { type: 'string', pattern: '^\\d{1,3}$' },
  };
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
  const type = isObject(value) ? value['type'] : undefined;
  switch (type) {
    case 'offence': {
      const read = OFFENCE_REPORT.read(value, path);
      const { type: kind, key, address, prefix, at, firstSeen = at, origin, ...details } = read;
      return { kind, key, address, prefix, at, firstSeen, origin, details };
    }
    case 'block': {
      const { type: kind, ...read } = BLOCK_REPORT.read(value, path);
      return { kind, ...read };
    }
    case 'expire': {
      const { type: kind, ...read } = EXPIRE_REPORT.read(value, path);
      return { kind, ...read };
    }
    case 'withdraw': {
      const { type: kind, ...read } = WITHDRAW_REPORT.read(value, path);
      return { kind, ...read };
    }
    case 'pending': {
      const { type: kind, key: event, ...read } = PENDING_REPORT.read(value, path);
      return { kind, event, ...read };
    }
    default:
      return refuse(`${path}.type`, 'one of offence, block, expire, withdraw, pending', type);
  }
}

export function resultJson({
  outcome,
  prefix: entry,
  expiresAt,
  reason,
  held,
}: ReportResult): object {
  if (reason !== '') return { outcome, reason };
  if (entry === undefined) return { outcome };
  const wider = held === undefined ? {} : { held: formatPrefix(held) };
  const shown = { outcome, prefix: formatPrefix(entry), ...wider };
  return expiresAt === undefined ? shown : { ...shown, expiresAt: expiryText(expiresAt) };
}

/** Whether an entry is active is left to the reader, as that changes with time. */
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
    evidence: history.evidence.map(evidenceJson),
  };
}

function entryJson(held: FleetEntry): object {
  const { entry, sequence, activation, latestEvidence, isShared, isWithdrawn } = held;
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
    // Only if it was expired by hand.
    endedAt: timeOrNull(activation.endedAt),
    // The latest of its activations no longer counts.
    withdrawn: isWithdrawn,
    // Two users reported it.
    shared: isShared,
    origin: entry.origin,
    by: entry.by,
    byAdmin: entry.byAdmin,
    // Who is charged with it.
    activatedBy: activation.by,
    activatedByAdmin: activation.byAdmin,
    // Of an entry without one: why it was activated, such as `web1/brutessh`.
    note: entry.note === '' ? activation.note : entry.note,
    // The first of the evidence for its latest activation.
    evidence: SENT_EVIDENCE.write(latestEvidence),
  };
}

function activationJson(activation: FleetActivation): object {
  const { number, at, until, endedAt, origin, note, by, byAdmin } = activation;
  const times = { at: timeText(at), until: expiryText(until), endedAt: timeOrNull(endedAt) };
  return { number, ...times, origin, note, by, byAdmin };
}

const EVIDENCE_JSON = object(codecsOf(EVIDENCE_FIELDS, 'json'));

function evidenceJson(evidence: FleetEvidence): object {
  const { activation, by, kind } = evidence;
  return { activation, by, type: kind, ...(EVIDENCE_JSON.write(evidence) as object) };
}
