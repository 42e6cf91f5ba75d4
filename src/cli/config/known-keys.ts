import { McblockError } from '../../errors.ts';
import { isObject, refuse } from '../../validation/codec.ts';
import { nearest } from '../text/nearest.ts';

/** A table with no keys but these. Throws McblockError('input'), naming the key that was meant. */
export function tableOf(
  known: readonly string[],
  value: unknown,
  path: string,
  wanted: string,
): Readonly<Record<string, unknown>> {
  if (!isObject(value)) return refuse(path, wanted, value);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return value;
  const close = nearest(unknown, known);
  const advice = close === undefined ? `use ${known.join(', ')}` : `did you mean ${close}?`;
  throw new McblockError('input', `${path}: unknown key ${unknown}; ${advice}`);
}
