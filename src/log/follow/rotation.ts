import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { McblockError, reasonOf } from '../../errors.ts';

/** The formats of newsyslog and logrotate. */
const COMPRESSED = /\.(?:bz2|gz|xz|zst)$/;

interface Rotation {
  readonly file: string;
  readonly mtimeMs: number;
  /** The number, as in auth.log.0; for a date, a number that is greater the older it is. */
  readonly age: number;
}

/**
 * The newest rotation of a log: see {@link rotationsOf}. Throws McblockError('file') if there is
 * none.
 */
export function newestRotation(log: string): string {
  const [newest] = rotationsOf(log);
  if (newest === undefined) {
    throw new McblockError(
      'file',
      `${log} has no rotation, such as ${basename(log)}.0 or ${basename(log)}.0.bz2`,
    );
  }
  return newest;
}

/**
 * The rotations of a log, the newest first: `auth.log.0`, `auth.log-20260101` and the like,
 * compressed or not, as newsyslog runs its command before it compresses. The newest is the one last
 * written to; if equal, the one with the lower number or the later date. Throws McblockError('file')
 * if the folder cannot be read.
 */
export function rotationsOf(log: string): string[] {
  const folder = dirname(log);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new McblockError('file', `${folder}: ${reasonOf(cause)}`, { cause });
  }
  const pattern = rotationPattern(basename(log));
  return (
    names
      // A compressed file next to the original is still being written.
      .filter((name) => !COMPRESSED.test(name) || !names.includes(name.replace(COMPRESSED, '')))
      .flatMap((name) => rotationOf(join(folder, name), pattern.exec(name.replace(COMPRESSED, ''))))
      .toSorted(newestFirst)
      .map(({ file }) => file)
  );
}

/** The files by the time they were last written to; if equal, in the given order. */
export function oldestFirst(files: readonly string[]): string[] {
  return files
    .map((file) => ({ file, mtimeMs: file === '-' ? Infinity : modified(file) }))
    .toSorted((p, q) => (p.mtimeMs === q.mtimeMs ? 0 : p.mtimeMs - q.mtimeMs))
    .map(({ file }) => file);
}

function rotationPattern(name: string): RegExp {
  const literal = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`^${literal}(?:\.(\d{1,6})|[.-](\d{8}(?:[T-]?\d{2,10})?))$`);
}

function rotationOf(file: string, match: RegExpExecArray | null): Rotation[] {
  if (match === null) return [];
  const [, number, date] = match;
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return [];
  const age =
    number === undefined
      ? -Number((date ?? '').replaceAll(/\D/g, '').padEnd(18, '0'))
      : Number(number);
  return [{ file, mtimeMs: stat.mtimeMs, age }];
}

function newestFirst(p: Rotation, q: Rotation): number {
  return q.mtimeMs - p.mtimeMs || p.age - q.age || (p.file < q.file ? -1 : 1);
}

/** A file that is missing or may not be looked at is reported when it is opened. */
function modified(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
