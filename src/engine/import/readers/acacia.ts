import { McblockError } from '../../../errors.ts';
import { isObject } from '../../../validation/codec.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import { readCsv } from './csv.ts';
import { jsonOf, MAX_FILE_BYTES, stringOf } from './json-file.ts';

/**
 * Reads the answer of acacia's API to GET /v1/pf or /v2/pf, the list that its clients post, or rows of
 * its table pf_ip_ban as CSV. Throws McblockError('input').
 */
export function* readAcaciaRows({ file, times }: ForeignFile): Generator<ForeignBan> {
  const content = file.whole(MAX_FILE_BYTES);
  if (/^\s*[[{]/.test(content.toString('latin1', 0, 100))) {
    yield* jsonRows(file.name, content);
    return;
  }
  const lines = content.toString('utf8').split('\n');
  for (const { number, fields } of readCsv(file, lines, ['ip'])) {
    const since = times.read(fields.get('updated_at') ?? '');
    yield { number, text: fields.get('ip') ?? '', since, reason: fields.get('source') };
  }
}

function* jsonRows(name: string, content: Buffer): Generator<ForeignBan> {
  const answer = jsonOf(name, content);
  const rows = isObject(answer) ? answer['IP'] : answer;
  if (!Array.isArray(rows)) {
    throw new McblockError('input', `${name}: not a list of acacia's API`);
  }
  for (const [index, row] of rows.entries()) {
    const { ip, source } = rowOf(row);
    const reason = typeof source === 'string' ? source : undefined;
    yield { number: index + 1, text: stringOf(ip ?? ''), reason };
  }
}

/** `["192.0.2.1/32"]`, or `{"IP": "192.0.2.1", "source": "web1/brutessh"}`. */
function rowOf(row: unknown): { readonly ip: unknown; readonly source: unknown } {
  if (isObject(row)) return { ip: row['IP'], source: row['source'] };
  return { ip: Array.isArray(row) ? row[0] : row, source: undefined };
}
