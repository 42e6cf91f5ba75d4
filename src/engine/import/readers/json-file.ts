import { McblockError } from '../../../errors.ts';
import type { ForeignText } from '../foreign-ban.ts';

/** Room for a million addresses with details. Parsed, hostile JSON takes twenty times as much. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Parses a file of JSON. Throws McblockError('input'). */
export function jsonOf(name: string, content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new McblockError('input', `${name}: not JSON (damaged or truncated)`, { cause });
  }
}

/** Reads a whole file of JSON. Throws McblockError('input'). */
export function readJsonFile(file: ForeignText): unknown {
  return jsonOf(file.name, file.whole(MAX_FILE_BYTES));
}

/** A string as it is; anything else as JSON, which is no address. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
