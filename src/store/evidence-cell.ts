import type { Evidence } from '../blocklist/evidence.ts';
import { McblockError, reasonOf } from '../errors.ts';
import {
  EVIDENCE_FIELDS,
  EVIDENCE_KEY,
  EVIDENCE_NAMES,
  type EvidenceField,
  type EvidenceName,
} from '../validation/evidence.ts';
import type { SqlValue } from '../validation/sql-column.ts';
import { damagedRow } from './store-error.ts';

/**
 * The evidence that one log has for one activation, as a cell: JSON, a list of groups. A group has
 * the fields that its rows share and the list of these rows. There can be hundreds of thousands of
 * rows, so null at the end of one is left out, and so is a last time that is the first time.
 */
type Group = readonly [shared: readonly SqlValue[], rows: readonly (readonly SqlValue[])[]];

/** The log has a column of its own. */
const SHARED: readonly EvidenceName[] = EVIDENCE_KEY.filter(
  (name) => name !== 'address' && name !== 'log',
);
/** The cells of earlier versions end before these. */
const LATER: readonly EvidenceName[] = ['rule', 'proxy'];
const OWN: readonly EvidenceName[] = [
  ...EVIDENCE_NAMES.filter((name) => !['log', ...SHARED, ...LATER].includes(name)),
  ...LATER,
];

export function cellOfEvidence(evidence: readonly Evidence[]): string {
  const groups = new Map<string, SqlValue[][]>();
  for (const row of evidence) {
    const shared = JSON.stringify(SHARED.map((name) => valueOf(row, name)));
    const rows = groups.get(shared);
    if (rows) rows.push(ownValuesOf(row));
    else groups.set(shared, [ownValuesOf(row)]);
  }
  const cells = Array.from(groups, ([shared, rows]) => `[${shared},${JSON.stringify(rows)}]`);
  return `[${cells.join(',')}]`;
}

/** The inverse of {@link cellOfEvidence}. Throws McblockError('store'). */
export function evidenceOfCell(cell: unknown, log: string): Evidence[] {
  try {
    const groups: unknown = JSON.parse(String(cell));
    if (!Array.isArray(groups)) throw new McblockError('store', 'the cell is not a list');
    return (groups as readonly Group[]).flatMap((group) => evidenceOfGroup(group, log));
  } catch (error) {
    throw damagedRow('evidence', log, reasonOf(error));
  }
}

function ownValuesOf(row: Evidence): SqlValue[] {
  const values = OWN.map((name) =>
    name === 'lastSeen' && row.lastSeen === row.firstSeen ? null : valueOf(row, name),
  );
  if (row.proxy === '') values.pop();
  while (values.at(-1) === null) values.pop();
  return values;
}

function evidenceOfGroup(group: Group, log: string): Evidence[] {
  if (!Array.isArray(group) || group.length !== 2 || !group.every(Array.isArray)) {
    throw new McblockError('store', `${JSON.stringify(group)} is not a group of evidence`);
  }
  const [shared, rows] = group;
  const common = SHARED.map((name, index) => [name, read(name, shared[index])]);
  return rows.map((row) => {
    const own = OWN.map((name, index) => [name, read(name, row[index] ?? fallback(name, row))]);
    const evidence = { log, ...Object.fromEntries(common), ...Object.fromEntries(own) } as Evidence;
    if (evidence.firstSeen <= evidence.lastSeen) return evidence;
    throw new McblockError('store', `${JSON.stringify(row)} ends before it begins`);
  });
}

function fallback(name: EvidenceName, row: readonly SqlValue[]): SqlValue {
  if (name === 'proxy') return '';
  return name === 'lastSeen' ? (row[OWN.indexOf('firstSeen')] ?? null) : null;
}

function valueOf(row: Evidence, name: EvidenceName): SqlValue {
  return fieldOf(name).column.toSql(row[name]);
}

function read(name: EvidenceName, value: SqlValue | undefined): unknown {
  return fieldOf(name).column.fromSql(value);
}

function fieldOf(name: EvidenceName): EvidenceField<unknown> {
  return EVIDENCE_FIELDS[name];
}
