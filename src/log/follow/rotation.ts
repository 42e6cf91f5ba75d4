import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { errorOf, McblockError } from '../../errors.ts';
import { trustedStat } from './trusted-file.ts';

/** The formats of newsyslog and logrotate. */
const COMPRESSED = /\.(?:bz2|gz|xz|zst)$/;

/**
 * What newsyslog and logrotate add to the name: a number, or a time as in `-20260101`,
 * `.20260101T000000` (newsyslog -t), `-2026-01-01` and others of logrotate's dateformat.
 */
const SUFFIX = String.raw`(?:\.(\d{1,5})|[._-]?(\d{4}(?:[._:T-]?\d{2}){1,8}))`;
const AFTER_NAME = new RegExp(`^(.+?)${SUFFIX}$`);
const BEFORE_EXTENSION = new RegExp(String.raw`^(.+?)${SUFFIX}(\.[^.]*[^.\d][^.]*)$`);

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
export function newestRotation(log: string, archives: readonly string[] = []): string {
  const [newest] = rotationsOf(log, archives);
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
 * if a folder cannot be read.
 * @param archives folders that may have rotations too: absolute, or relative to that of the log
 */
export function rotationsOf(log: string, archives: readonly string[] = []): string[] {
  const folder = dirname(log);
  const others = new Set(archives.map((archive) => resolve(folder, archive)));
  others.delete(resolve(folder));
  return [folder, ...others]
    .flatMap((each) => rotationsIn(each, basename(log)))
    .toSorted(newestFirst)
    .map(({ file }) => file);
}

function rotationsIn(folder: string, log: string): Rotation[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw errorOf('file', folder, cause);
  }
  const present = new Set(names);
  return (
    names
      // A compressed file next to the original is still being written.
      .filter((name) => !COMPRESSED.test(name) || !present.has(name.replace(COMPRESSED, '')))
      .flatMap((name) => {
        const age = ageOf(name.replace(COMPRESSED, ''), log);
        return age === undefined ? [] : rotationOf(join(folder, name), age);
      })
  );
}

/** Whether the name is that of a rotation of one of these logs, or of a compressed file. */
export function isRotation(name: string, logs: ReadonlySet<string>): boolean {
  if (COMPRESSED.test(name)) return true;
  return splitNames(name).some(({ log }) => logs.has(log));
}

/** The files by the time they were last written to; if equal, in the given order. */
export function oldestFirst(files: readonly string[]): string[] {
  return files
    .map((file) => ({ file, mtimeMs: file === '-' ? Infinity : modified(file) }))
    .toSorted((p, q) => (p.mtimeMs === q.mtimeMs ? 0 : p.mtimeMs - q.mtimeMs))
    .map(({ file }) => file);
}

/** The age of a rotation by its name; undefined if it is none of this log. */
function ageOf(name: string, log: string): number | undefined {
  // Splitting is slow, and a folder may have many files.
  if (!name.startsWith(basename(log, extname(log)))) return undefined;
  return splitNames(name).find((split) => split.log === log)?.age;
}

/** Both ways in which a name may be that of a rotation: `a.log.1`, and `a.1.log` (logrotate). */
function splitNames(name: string): { readonly log: string; readonly age: number }[] {
  return [AFTER_NAME, BEFORE_EXTENSION].flatMap((pattern) => {
    const [, stem = '', number, date, extension = ''] = pattern.exec(name) ?? [];
    if (number !== undefined) return [{ log: stem + extension, age: Number(number) }];
    if (date === undefined) return [];
    return [{ log: stem + extension, age: -Number(date.replaceAll(/\D/g, '').padEnd(20, '0')) }];
  });
}

function rotationOf(file: string, age: number): Rotation[] {
  const stat = trustedStat(file);
  return stat?.isFile() ? [{ file, mtimeMs: stat.mtimeMs, age }] : [];
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
