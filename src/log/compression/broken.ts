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
    `${name}: damaged${at(byte)}, after ${decompressed} decompressed bytes (${format}: ${reasonOf(cause)}); nothing was recorded`,
    { cause },
  );
}

/** The file ends before the data does. */
export function truncated({ name, format, byte, decompressed }: Breakage) {
  return new McblockError(
    'input',
    `${name}: truncated${at(byte)}, after ${decompressed} decompressed bytes (${format}); nothing was recorded`,
  );
}

/** A warning: compressed data may be followed by something else, which is left alone. */
export function garbageAfter(name: string, byte: number): string {
  return `${name}: ignored trailing data from byte ${byte} on`;
}

function at(byte: number | undefined): string {
  return byte === undefined ? '' : ` at byte ${byte}`;
}
