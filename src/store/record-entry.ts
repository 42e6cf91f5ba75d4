import type { Entry } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import { McblockError } from '../errors.ts';
import { formatAddress } from '../net/address-text.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Activation } from './history.ts';
import { dayText, Fields, timeOrNull, timeText } from './record-fields.ts';

/** The fields of an entry and its history as plain JSON. */
export function rowOfEntry(entry: Entry, history: readonly Activation[]): object {
  return {
    prefix: formatPrefix(entry.prefix),
    origin: entry.origin,
    note: entry.note,
    activations: entry.activations,
    hits: entry.hits,
    firstSeen: timeOrNull(entry.firstSeen),
    lastSeen: timeOrNull(entry.lastSeen),
    activatedAt: timeOrNull(entry.activatedAt),
    expiresAt: timeOrNull(entry.expiresAt),
    hitDays: entry.hitDays.map(dayText),
    history: history.map(rowOfActivation),
  };
}

/** The inverse of {@link rowOfEntry}, without the history. */
export function entryOfFields(fields: Fields): Entry {
  return {
    prefix: fields.prefix('prefix'),
    origin: fields.origin('origin'),
    note: fields.text('note'),
    activations: fields.whole('activations'),
    hits: fields.whole('hits'),
    firstSeen: fields.optionalTime('firstSeen'),
    lastSeen: fields.optionalTime('lastSeen'),
    activatedAt: fields.optionalTime('activatedAt'),
    expiresAt: fields.expiry('expiresAt'),
    hitDays: fields.days('hitDays'),
  };
}

/** The history in the fields of {@link rowOfEntry}. */
export function historyOfFields(fields: Fields): Activation[] {
  const history = fields.list('history').map(activationOfRow);
  for (const [index, { number }] of history.entries()) {
    if (number > (history[index - 1]?.number ?? 0)) continue;
    throw new McblockError('input', `activation ${number} of a history must come after the others`);
  }
  return history;
}

function rowOfActivation({
  number,
  at,
  until,
  endedAt,
  origin,
  note,
  evidence,
}: Activation): object {
  return {
    number,
    at: timeText(at),
    until: timeOrNull(until),
    endedAt: timeOrNull(endedAt),
    origin,
    note,
    evidence: evidence.map(rowOfEvidence),
  };
}

function activationOfRow(row: unknown): Activation {
  const fields = new Fields('an activation', row);
  const activation: Activation = {
    number: fields.count('number'),
    at: fields.time('at'),
    until: fields.expiry('until'),
    endedAt: fields.optionalTime('endedAt'),
    origin: fields.origin('origin'),
    note: fields.text('note'),
    evidence: fields.list('evidence').map(evidenceOfRow),
  };
  fields.end();
  return activation;
}

function rowOfEvidence(evidence: Evidence): object {
  const { address, service, message, count, firstSeen, lastSeen, log, host } = evidence;
  return {
    address: address ? formatAddress(address) : null,
    service,
    message,
    count,
    firstSeen: timeText(firstSeen),
    lastSeen: timeText(lastSeen),
    log,
    host,
  };
}

function evidenceOfRow(row: unknown): Evidence {
  const fields = new Fields('an evidence', row);
  const evidence: Evidence = {
    address: fields.optionalAddress('address'),
    service: fields.text('service'),
    message: fields.text('message'),
    count: fields.count('count'),
    firstSeen: fields.time('firstSeen'),
    lastSeen: fields.time('lastSeen'),
    log: fields.text('log'),
    host: fields.text('host'),
  };
  fields.end();
  if (evidence.lastSeen >= evidence.firstSeen) return evidence;
  throw new McblockError('input', '"lastSeen" of an evidence cannot be before its "firstSeen"');
}
