import { type Entry, isOrigin } from '../blocklist/entry.ts';
import { McblockError } from '../errors.ts';
import { isWhole } from '../validation/time-text.ts';
import type { Cell, Row } from './connection.ts';
import { keyOf, prefixOfRow } from './key.ts';
import { damagedRow } from './store-error.ts';
import { cellOfExpiry, expiryOfCell, isExpiry, isOptionalSeconds } from './value.ts';

/** The columns for {@link entryOfRow}, in this order. */
export const ENTRY_COLUMNS =
  'family, length, hex(network), origin, note, activations, hits, first_seen, last_seen, activated_at, expires_at, hit_days, made_by, by_admin, ended_at, rule';

/** Throws McblockError('store') for a damaged row. */
export function entryOfRow(row: Row): Entry {
  const [
    family,
    length,
    hex,
    origin,
    note,
    activations,
    hits,
    first,
    last,
    activated,
    expires,
    days,
    by,
    byAdmin,
    ended,
    rule,
  ] = row;
  const entry = {
    prefix: prefixOfRow('entry', family ?? null, length ?? null, hex ?? null),
    origin,
    by,
    byAdmin: byAdmin === 1,
    note,
    activations,
    hits,
    firstSeen: first ?? undefined,
    lastSeen: last ?? undefined,
    activatedAt: activated ?? undefined,
    expiresAt: expiryOfCell(expires),
    endedAt: ended ?? undefined,
    rule: rule ?? undefined,
    hitDays: typeof days === 'string' ? daysOfText(days) : days,
  };
  const fault = faultOf(entry);
  if (fault) throw damagedRow('entry', `${family}/${length}/${hex}`, fault);
  return entry as Entry;
}

/** In the order of the table's columns. Throws McblockError('store') for an invalid entry. */
export function rowOfEntry(entry: Entry): Cell[] {
  return [...keyOf(entry.prefix), ...cellsOfEntry(entry)];
}

/** The same without the key. */
export function cellsOfEntry(entry: Entry): Cell[] {
  const fault = faultOf(entry);
  if (fault) {
    throw new McblockError('store', `invalid entry: ${fault}`);
  }
  return [
    entry.origin,
    entry.note,
    entry.activations,
    entry.hits,
    entry.firstSeen ?? null,
    entry.lastSeen ?? null,
    entry.activatedAt ?? null,
    cellOfExpiry(entry.expiresAt),
    entry.hitDays.join(','),
    entry.by,
    Number(entry.byAdmin),
    entry.endedAt ?? null,
  ];
}

/** Why the fields are not a valid entry; undefined if they are. */
function faultOf(entry: { readonly [Name in keyof Entry]: unknown }): string | undefined {
  const { activations, activatedAt, hitDays } = entry;
  if (!isOrigin(entry.origin)) return `bad origin ${entry.origin}`;
  if (typeof entry.note !== 'string') return 'note is not text';
  if (typeof entry.by !== 'string') return 'by is not text';
  if (entry.rule !== undefined && typeof entry.rule !== 'string') return 'rule is not text';
  if (!isWhole(activations)) return `bad number of activations ${activations}`;
  if (!isWhole(entry.hits)) return `bad number of hits ${entry.hits}`;
  for (const name of ['firstSeen', 'lastSeen', 'activatedAt', 'endedAt'] as const) {
    if (!isOptionalSeconds(entry[name])) return `bad time ${JSON.stringify(entry[name])} (${name})`;
  }
  if (!isExpiry(entry.expiresAt)) return `bad expiry ${entry.expiresAt}`;
  if ((activations === 0) !== (activatedAt === undefined)) {
    return `${activations} activations, but the latest at ${activatedAt}`;
  }
  if (activations === 0 && entry.expiresAt !== 0) return 'expiry without activation';
  if (!Array.isArray(hitDays) || !isRising(hitDays)) return 'hit days out of order';
  return undefined;
}

function daysOfText(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map((day) => (day === '' ? Number.NaN : Number(day)));
}

function isRising(days: readonly unknown[]): boolean {
  let before = -1;
  for (const day of days) {
    if (!isWhole(day) || day <= before) return false;
    before = day;
  }
  return true;
}
