import type { Evidence } from '../blocklist/evidence.ts';
import { compareAddresses } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';
import { addedLater, type Codec, checked, lazy, nullable, object, optional } from './codec.ts';
import {
  ADDRESS_COLUMN,
  COUNT_COLUMN,
  OPTIONAL_COLUMN,
  OPTIONAL_TEXT_COLUMN,
  type SqlColumn,
  TEXT_COLUMN,
  TIME_COLUMN,
} from './sql-column.ts';
import { address, printableText, text, time, whole } from './values.ts';

/**
 * The fields of evidence, declared once. The evidence cell of the store, exports, reports and
 * answers of the API, messages, and the columns of the fleet's stores are all made from this list.
 * Only the migrations name the columns once more, because a released one never changes.
 */
export interface EvidenceField<T> {
  /** In exports and in the answers of the API. Loses nothing. */
  readonly json: Codec<T>;
  /** In reports and messages. Bounded: what exceeds the bounds is cut. */
  readonly wire: Codec<T>;
  readonly column: SqlColumn<T>;
  /** Rows with the same key are merged into one; `latest` is the value of the later row. */
  readonly merge: 'key' | 'sum' | 'least' | 'greatest' | 'latest';
}

/** What evidence says besides who and when, and so what an offence says besides them. */
export type Details = Omit<Evidence, 'address' | 'firstSeen' | 'lastSeen'>;

type FieldsOf<T> = { readonly [Name in keyof T]-?: EvidenceField<T[Name]> };

const MAX_REPORTED_COUNT = 1_000_000;

const TIME = { json: time(), wire: time(), column: TIME_COLUMN } as const;

const PORT = whole(0, 65_535);

export const DETAIL_FIELDS = {
  service: textField(printableText(64)),
  message: textField(printableText(64)),
  log: textField(optional(printableText(255), '')),
  host: textField(optional(printableText(255), '')),
  proxy: {
    json: optional(text(), ''),
    wire: optional(printableText(64), ''),
    column: TEXT_COLUMN,
    // Empty, if somebody came directly too.
    merge: 'least',
  },
  port: {
    json: addedLater(nullable(PORT)),
    wire: optional(PORT, undefined),
    column: OPTIONAL_COLUMN,
    merge: 'latest',
  },
  count: {
    json: whole(1),
    wire: optional(whole(1, MAX_REPORTED_COUNT), 1),
    column: COUNT_COLUMN,
    merge: 'sum',
  },
  rule: {
    json: unlessEmpty(text()),
    wire: unlessEmpty(printableText(255)),
    column: OPTIONAL_TEXT_COLUMN,
    merge: 'latest',
  },
} as const satisfies FieldsOf<Details>;

export const EVIDENCE_FIELDS = {
  address: {
    json: nullable(address()),
    wire: nullable(address()),
    column: ADDRESS_COLUMN,
    merge: 'key',
  },
  firstSeen: { ...TIME, merge: 'least' },
  ...DETAIL_FIELDS,
  lastSeen: { ...TIME, merge: 'greatest' },
} as const satisfies FieldsOf<Evidence>;

export type EvidenceName = keyof typeof EVIDENCE_FIELDS;

/** In the order of their declaration. */
export const EVIDENCE_NAMES = Object.keys(EVIDENCE_FIELDS) as readonly EvidenceName[];
export const DETAIL_NAMES = Object.keys(DETAIL_FIELDS) as readonly (keyof Details)[];

/** firstSeen is first_seen in SQL. */
export function columnName(name: EvidenceName): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

type Form = 'json' | 'wire';
type Fields = Readonly<Record<string, EvidenceField<unknown>>>;

/** The codecs of some fields in one of their forms. */
export function codecsOf<F extends Fields, K extends Form>(
  fields: F,
  form: K,
): { readonly [Name in keyof F]: F[Name][K] } {
  const codecs = Object.entries(fields).map(([name, field]) => [name, field[form]]);
  return Object.fromEntries(codecs) as { readonly [Name in keyof F]: F[Name][K] };
}

export const EVIDENCE: Codec<Evidence> = lazy(() =>
  checked(object(codecsOf(EVIDENCE_FIELDS, 'json')), ({ firstSeen, lastSeen }) =>
    lastSeen < firstSeen ? 'lastSeen must not be before firstSeen' : undefined,
  ),
);

/** Without any other properties. */
export function onlyEvidence(row: Evidence): Evidence {
  return Object.fromEntries(EVIDENCE_NAMES.map((name) => [name, row[name]])) as unknown as Evidence;
}

/** Of two rows with the same key, as far as evidence goes; other properties are those of `p`. */
export function mergeEvidence<E extends Evidence>(p: E, q: E): E {
  const latest = q.lastSeen >= p.lastSeen ? q : p;
  const merged = EVIDENCE_NAMES.map((name) => {
    const { merge } = EVIDENCE_FIELDS[name] as EvidenceField<unknown>;
    if (merge === 'key') return [name, p[name]];
    if (merge === 'latest') return [name, latest[name]];
    const [one, other] = [p[name], q[name]] as [number | string, number | string];
    if (merge === 'least') return [name, one < other ? one : other];
    return [name, MERGE[merge](Number(one), Number(other))];
  });
  return { ...p, ...Object.fromEntries(merged) };
}

const MERGE = {
  sum: (p: number, q: number) => p + q,
  greatest: Math.max,
} as const;

/** The fields that tell rows apart. */
export const EVIDENCE_KEY = EVIDENCE_NAMES.filter((name) => EVIDENCE_FIELDS[name].merge === 'key');

/** A text that is the same for rows that are merged. */
export function keyOfEvidence(evidence: Evidence): string {
  const values = EVIDENCE_KEY.map((name) => {
    const value = evidence[name];
    return typeof value === 'object' ? formatAddress(value) : value;
  });
  return JSON.stringify(values);
}

/** The same, but each rule has rows of its own. The stores of the fleet have none for each. */
export function keyWithRule(evidence: Evidence): string {
  return `${keyOfEvidence(evidence)}${evidence.rule}`;
}

/** Each key once, ordered by address, then by the other fields of the key. */
export function sumEvidence(evidence: Iterable<Evidence>, keyOf = keyOfEvidence): Evidence[] {
  const sums = new Map<string, Evidence>();
  for (const row of evidence) {
    const key = keyOf(row);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : mergeEvidence(sum, row));
  }
  return [...sums].toSorted(compareKeyed).map(([, sum]) => sum);
}

type Keyed = readonly [key: string, evidence: Evidence];

/** Evidence without an address comes first. */
function compareKeyed([key, p]: Keyed, [other, q]: Keyed): number {
  const byAddress =
    p.address && q.address
      ? compareAddresses(p.address, q.address)
      : Number(p.address !== undefined) - Number(q.address !== undefined);
  return byAddress || (key < other ? -1 : 1);
}

/** An empty text is left out, as earlier versions do. */
function unlessEmpty(inner: Codec<string>): Codec<string> {
  return {
    ...optional(inner, ''),
    write: (value) => (value === '' ? undefined : inner.write(value)),
  };
}

function textField(wire: Codec<string>) {
  return { json: text(), wire, column: TEXT_COLUMN, merge: 'key' } as const;
}
