import type { Evidence } from '../blocklist/evidence.ts';
import { list, object } from '../validation/codec.ts';
import { codecsOf, EVIDENCE, EVIDENCE_FIELDS, sumEvidence } from '../validation/evidence.ts';

/** Of an activation, this many rows go with its entry from the API to the machines. */
const MAX_SENT = 4;

/** Evidence of entries on the wire. */
export const SENT_EVIDENCE = list(object(codecsOf(EVIDENCE_FIELDS, 'wire')), MAX_SENT);

const STORED = list(EVIDENCE, MAX_SENT);

/** As a column of the fleet's store. */
export function textOfSent(rows: readonly Evidence[]): string {
  return rows.length === 0 ? '' : JSON.stringify(STORED.write(rows));
}

/** Throws McblockError if it is none. */
export function sentOfText(text: string): readonly Evidence[] {
  return text === '' ? [] : STORED.read(JSON.parse(text), 'evidence');
}

/** The rows with one more; the same if it has no room. */
export function withEvidence(rows: readonly Evidence[], added: Evidence): readonly Evidence[] {
  const summed = sumEvidence([...rows, added]);
  return summed.length > MAX_SENT ? rows : summed;
}
