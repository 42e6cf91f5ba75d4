import {
  columnName,
  EVIDENCE_FIELDS,
  EVIDENCE_NAMES,
  type EvidenceField,
} from '../validation/evidence.ts';

/**
 * The SET of an upsert that merges evidence as mergeEvidence does. The row in the table is `old`.
 * @param least the SQL function for the lesser of two values
 * @param greatest the SQL function for the greater
 */
export function mergedEvidence(least: string, greatest: string): string {
  return EVIDENCE_NAMES.flatMap((name) => {
    const { merge } = EVIDENCE_FIELDS[name] as EvidenceField<unknown>;
    const column = columnName(name);
    const [before, after] = [`old.${column}`, `excluded.${column}`];
    switch (merge) {
      case 'key':
        return [];
      case 'sum':
        return [`${column} = ${before} + ${after}`];
      case 'least':
        return [`${column} = ${least}(${before}, ${after})`];
      case 'greatest':
        return [`${column} = ${greatest}(${before}, ${after})`];
      case 'latest':
        return [
          `${column} = CASE WHEN excluded.last_seen >= old.last_seen THEN ${after} ELSE ${before} END`,
        ];
    }
  }).join(', ');
}
