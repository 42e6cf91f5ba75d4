import { McblockError, reasonOf } from '../../errors.ts';

/** Reports what is no error. */
export type Warn = (message: string) => void;

/** Where compressed data is broken. */
export interface Breakage {
  readonly name: string;
  readonly format: string;
  /** Offset in the compressed file; undefined if the decompressor did not tell. */
  readonly byte: number | undefined;
  /** How many bytes were decompressed before. */
  readonly decompressed: number;
}

/** The data fails a check of its format. */
export function damaged({ name, format, byte, decompressed }: Breakage, cause: unknown) {
  return new McblockError(
    'input',
    `${name} is damaged${at(byte)}, after ${decompressed} decompressed bytes; nothing of it was recorded (${format}: ${reasonOf(cause)})`,
    { cause },
  );
}

/** The file ends before the data does. */
export function truncated({ name, format, byte, decompressed }: Breakage) {
  return new McblockError(
    'input',
    `${name} ends too early${at(byte)}, after ${decompressed} decompressed bytes; nothing of it was recorded (${format}: truncated)`,
  );
}

/** A warning: compressed data may be followed by something else, which is left alone. */
export function garbageAfter(name: string, byte: number): string {
  return `${name}: what follows the compressed data, from byte ${byte} on, is ignored`;
}

function at(byte: number | undefined): string {
  return byte === undefined ? '' : ` at byte ${byte}`;
}
