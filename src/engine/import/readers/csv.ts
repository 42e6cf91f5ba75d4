import { McblockError } from '../../../errors.ts';
import type { ForeignText } from '../foreign-ban.ts';
import { numberedLines } from './numbered-lines.ts';

/** A record of a CSV file, by the names in its first line. */
export interface CsvRecord {
  /** The number of its line. */
  readonly number: number;
  readonly fields: ReadonlyMap<string, string>;
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/gy;

/**
 * Reads CSV (RFC 4180) whose first line names the fields; each record is one line. Throws
 * McblockError('input') if one of these fields is missing.
 */
export function* readCsv(
  file: ForeignText,
  lines: Iterable<string>,
  required: readonly string[],
): Generator<CsvRecord> {
  let names: readonly string[] | undefined;
  for (const { number, line } of numberedLines(lines)) {
    const fields = fieldsOf(line);
    if (names === undefined) {
      names = fields.map((name) => name.toLowerCase());
      const missing = required.find((name) => !names?.includes(name));
      if (missing === undefined) continue;
      throw new McblockError('input', `${file.name}: the first line has no field "${missing}"`);
    }
    const record = names.map((name, index): [string, string] => [name, fields[index] ?? '']);
    yield { number, fields: new Map(record) };
  }
}

function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (const { 0: whole, 1: quoted, 2: plain = '' } of line.matchAll(FIELD)) {
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    // A comma at the end begins one more, empty field; otherwise the line is over.
    if (!whole.endsWith(',')) break;
  }
  return fields;
}
