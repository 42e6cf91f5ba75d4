import { McblockError, reasonOf } from '../../errors.ts';

/** What is told of on the way that is no error. */
export type Warn = (message: string) => void;

/** Where compressed data broke. */
export interface Breakage {
  readonly name: string;
  readonly format: string;
  /** Byte of the compressed file; undefined where the program that decompressed did not tell. */
  readonly byte: number | undefined;
  /** How many bytes had been decompressed till then. */
  readonly decompressed: number;
}

/** The data is not what its checks say. */
export function damaged({ name, format, byte, decompressed }: Breakage, cause: unknown) {
  const where = byte === undefined ? '' : ` at byte ${byte}`;
  return new McblockError(
    'input',
    `${name} is damaged${where}, after ${decompressed} decompressed bytes; nothing of it was recorded (${format}: ${reasonOf(cause)})`,
    { cause },
  );
}

/** The file is over before the data is. */
export function truncated({ name, format, byte, decompressed }: Breakage) {
  const where = byte === undefined ? '' : ` at byte ${byte}`;
  return new McblockError(
    'input',
    `${name} ends too early${where}, after ${decompressed} decompressed bytes; nothing of it was recorded (${format} has no end there)`,
  );
}

/** Data that is whole may be followed by what is none: it is left alone, with a word about it. */
export function garbageAfter(name: string, byte: number): string {
  return `${name}: what follows the compressed data, from byte ${byte} on, is ignored`;
}
