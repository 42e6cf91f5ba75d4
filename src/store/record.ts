import type { Entry } from '../blocklist/entry.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Login } from '../blocklist/protect.ts';
import { McblockError } from '../errors.ts';
import { formatAddress } from '../net/address-text.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { AllowedPrefix } from './allowed.ts';
import type { Feed } from './feeds.ts';
import type { Activation } from './history.ts';
import type { ReadLog } from './logs.ts';
import { entryOfFields, historyOfFields, rowOfEntry } from './record-entry.ts';
import { Fields, timeOrNull, timeText } from './record-fields.ts';

/** What an export consists of: the header first, then one record of what the store holds a line. */
export type StoreRecord =
  | { readonly type: 'entry'; readonly entry: Entry; readonly history: readonly Activation[] }
  | { readonly type: 'allow'; readonly allowed: AllowedPrefix }
  | { readonly type: 'log'; readonly log: ReadLog }
  | { readonly type: 'login'; readonly login: Login }
  | { readonly type: 'pending'; readonly offence: Offence }
  | { readonly type: 'feed'; readonly feed: Feed; readonly prefixes: PrefixList };

/** The first line of an export. */
export const HEADER = { format: 'mcblock', version: 1 } as const;

/** Throws McblockError('input') unless the row is the header of a version that this one reads. */
export function checkHeader(row: unknown): void {
  const isHeader = typeof row === 'object' && row !== null && 'format' in row && 'version' in row;
  if (!isHeader || row.format !== HEADER.format) {
    throw new McblockError(
      'input',
      `this is no export of mcblock: its first line must be ${JSON.stringify(HEADER)}`,
    );
  }
  if (row.version !== HEADER.version) {
    throw new McblockError(
      'input',
      `the export has version ${JSON.stringify(row.version)}, this program reads ${HEADER.version}; bring mcblock up to date`,
    );
  }
}

/** The record as plain JSON: prefixes whole, times ISO 8601 UTC, null for undefined and for ever. */
export function rowOfRecord(record: StoreRecord): object {
  switch (record.type) {
    case 'entry':
      return { type: 'entry', ...rowOfEntry(record.entry, record.history) };
    case 'allow': {
      const { prefix, note, addedAt } = record.allowed;
      return { type: 'allow', prefix: formatPrefix(prefix), note, addedAt: timeText(addedAt) };
    }
    case 'log':
      return { type: 'log', ...rowOfLog(record.log) };
    case 'login': {
      const { address, at } = record.login;
      return { type: 'login', address: formatAddress(address), at: timeText(at) };
    }
    case 'pending':
      return { type: 'pending', ...rowOfOffence(record.offence) };
    case 'feed':
      return { type: 'feed', ...rowOfFeed(record.feed, record.prefixes) };
  }
}

/** The inverse of {@link rowOfRecord}; every field is checked. Throws McblockError('input'). */
export function recordOfRow(row: unknown): StoreRecord {
  const fields = new Fields('a record', row);
  const type = fields.text('type');
  const record = recordOfFields(type, fields);
  fields.end();
  return record;
}

function recordOfFields(type: string, fields: Fields): StoreRecord {
  switch (type) {
    case 'entry':
      return { type, entry: entryOfFields(fields), history: historyOfFields(fields) };
    case 'allow': {
      const [prefix, note] = [fields.prefix('prefix'), fields.text('note')];
      return { type, allowed: { prefix, note, addedAt: fields.time('addedAt') } };
    }
    case 'log':
      return { type, log: logOfFields(fields) };
    case 'login':
      return { type, login: { address: fields.address('address'), at: fields.time('at') } };
    case 'pending':
      return { type, offence: offenceOfFields(fields) };
    case 'feed':
      return { type, ...feedOfFields(fields) };
    default:
      throw new McblockError(
        'input',
        `the type of a record must be entry, allow, log, login, pending or feed, not ${JSON.stringify(type)}`,
      );
  }
}

function rowOfLog(log: ReadLog): object {
  return {
    digest: Buffer.from(log.digest).toString('hex'),
    name: log.name,
    bytes: log.bytes,
    lines: log.lines,
    firstEvent: timeOrNull(log.firstEvent),
    lastEvent: timeOrNull(log.lastEvent),
    readAt: timeText(log.readAt),
    head: Buffer.from(log.head).toString('hex'),
  };
}

function logOfFields(fields: Fields): ReadLog {
  return {
    digest: fields.digest('digest'),
    name: fields.text('name'),
    bytes: fields.whole('bytes'),
    lines: fields.whole('lines'),
    firstEvent: fields.optionalTime('firstEvent'),
    lastEvent: fields.optionalTime('lastEvent'),
    readAt: fields.time('readAt'),
    head: fields.digest('head'),
  };
}

function rowOfOffence({ at, address, points, count, kind }: Offence): object {
  const { service, message, log, host } = kind;
  const who = formatAddress(address);
  return { at: timeText(at), address: who, points, count, service, message, log, host };
}

function offenceOfFields(fields: Fields): Offence {
  return {
    at: fields.time('at'),
    address: fields.address('address'),
    points: fields.count('points'),
    count: fields.count('count'),
    kind: {
      service: fields.text('service'),
      message: fields.text('message'),
      log: fields.text('log'),
      host: fields.text('host'),
    },
  };
}

function rowOfFeed(feed: Feed, prefixes: PrefixList): object {
  const { name, source, fetchedAt, etag, lastModified } = feed;
  const said = { etag: etag ?? null, lastModified: lastModified ?? null };
  const texts = Array.from(prefixes, formatPrefix);
  return { name, source, fetchedAt: timeText(fetchedAt), ...said, prefixes: texts };
}

function feedOfFields(fields: Fields): { feed: Feed; prefixes: PrefixList } {
  const prefixes = PrefixList.from(fields.prefixes('prefixes'));
  const feed = {
    name: fields.text('name'),
    source: fields.text('source'),
    fetchedAt: fields.time('fetchedAt'),
    prefixes: prefixes.size,
    etag: fields.optionalText('etag'),
    lastModified: fields.optionalText('lastModified'),
  };
  return { feed, prefixes };
}
