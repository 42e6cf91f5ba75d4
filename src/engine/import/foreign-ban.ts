import type { Expiry, Seconds } from '../../blocklist/entry.ts';
import type { TextFile } from '../text-file.ts';
import type { LocalTimes } from './local-times.ts';

/** A ban in the file of another program. */
export interface ForeignBan {
  /** The line or row, from 1. */
  readonly number: number;
  /** An address, a prefix, or a range such as 192.0.2.1-192.0.2.9; not checked yet. */
  readonly text: string;
  /** When it began; undefined if the file does not say. */
  readonly since?: Seconds | undefined;
  /** When it ends; undefined if the file does not say. */
  readonly until?: Expiry | undefined;
  /** The reason, for the note. */
  readonly reason?: string | undefined;
  /** Why it cannot be imported. */
  readonly fault?: string | undefined;
}

/** The content of the file. */
export type ForeignText = Pick<TextFile, 'name' | 'lines' | 'whole'>;

/** The arguments of a reader. */
export interface ForeignFile {
  readonly file: ForeignText;
  readonly now: Seconds;
  /** Times without a zone are local. */
  readonly times: LocalTimes;
}

/**
 * Reads the bans in a file of another program, in any order. Throws McblockError('input') if the file
 * is of another kind.
 */
export type ForeignReader = (from: ForeignFile) => Iterable<ForeignBan>;
