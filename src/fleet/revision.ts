/**
 * The revision of the API's version 2. It rises when there is a new kind of report, reports get a
 * field, or a field accepts more than before, so that clients know which reports a server understands.
 */
export const API_REVISION = 6;

/** The first revision that knows pending reports, and how they are taken back. */
export const PENDING_REVISION = 6;

/** The header in which a server states its revision with every answer. */
export const REVISION_HEADER = 'mcblock-revision';

/** The header in which a server states the shortest prefix lengths that the user may have blocked. */
export const WIDEST_HEADER = 'mcblock-widest';

/** Fields of reports by the revision that introduced them. The others are as old as the API. */
const INTRODUCED: Readonly<Record<string, number>> = { proxy: 3, rule: 5 };

/** The report without the fields that a server of this revision does not know. */
export function reportForRevision(
  report: Readonly<Record<string, unknown>>,
  revision: number,
  introduced = INTRODUCED,
): Readonly<Record<string, unknown>> {
  const known = Object.entries(report).filter(([name]) => (introduced[name] ?? 0) <= revision);
  return Object.fromEntries(known);
}
