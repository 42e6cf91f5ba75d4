import { McblockError } from '../../../errors.ts';
import type { ForeignText } from '../foreign-ban.ts';

/** Enough for a million addresses with details. Hostile JSON takes twenty times as much once parsed. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Parses a JSON file. Throws McblockError('input'). */
export function jsonOf(name: string, content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new McblockError('input', `${name}: not JSON (damaged or truncated)`, { cause });
  }
}

/** Reads a whole JSON file. Throws McblockError('input'). */
export function readJsonFile(file: ForeignText): unknown {
  return jsonOf(file.name, file.whole(MAX_FILE_BYTES));
}

/** A string unchanged; anything else as JSON, which is not an address. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
