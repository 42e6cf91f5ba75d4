import { opendirSync } from 'node:fs';
import { join } from 'node:path';
import { isRotation } from './rotation.ts';
import { trustedStat } from './trusted-file.ts';

/** How many files of one pattern are read. */
const MAX_FILES = 256;
/** How many names in a folder, and paths, are examined. */
const MAX_EXAMINED = 65_536;
const STAR = '*';

export interface MatchingFiles {
  /** Sorted by name. */
  readonly files: readonly string[];
  /** There are more; those that were written to last are listed. */
  readonly isMore: boolean;
}

export function isPattern(path: string): boolean {
  return path.includes(STAR);
}

/** Whether all of a name matches the pattern; * is any text. */
export function patternOf(pattern: string): (name: string) => boolean {
  const literals = pattern
    .split(STAR)
    .map((literal) => literal.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  const wanted = new RegExp(`^${literals.join('.*')}$`, 's');
  return (name) => wanted.test(name);
}

/**
 * The regular files that match an absolute path with * for any text in a name. As in a shell, * matches
 * no dot at the beginning. Rotations of files that match and compressed files are left out; so is what is
 * behind symbolic links of others (see trustedStat) from the first * on.
 */
export function matchingFiles(pattern: string): MatchingFiles {
  const [, ...names] = pattern.split('/');
  let paths = ['/'];
  let isTrusted = true;
  for (const name of names) {
    isTrusted &&= !isPattern(name);
    const next = isPattern(name)
      ? paths.flatMap((folder) => namesIn(folder, name).map((found) => join(folder, found)))
      : paths.map((folder) => join(folder, name));
    paths = (isTrusted ? next : next.filter((path) => trustedStat(path) !== undefined)).slice(
      0,
      MAX_EXAMINED,
    );
  }
  const all = new Set(paths);
  const files = paths.flatMap((path) => {
    if (isRotation(path, all)) return [];
    const stat = trustedStat(path);
    return stat?.isFile() ? [{ path, mtimeMs: stat.mtimeMs }] : [];
  });
  const newest = files.toSorted((p, q) => q.mtimeMs - p.mtimeMs).slice(0, MAX_FILES);
  return {
    files: newest.map(({ path }) => path).toSorted(),
    isMore: files.length > MAX_FILES,
  };
}

function namesIn(folder: string, pattern: string): string[] {
  const matches = patternOf(pattern);
  const showsHidden = !pattern.startsWith(STAR);
  const found: string[] = [];
  try {
    const directory = opendirSync(folder);
    try {
      for (let count = 0; count < MAX_EXAMINED; count++) {
        const entry = directory.readSync();
        if (entry === null) break;
        if (matches(entry.name) && (showsHidden || !entry.name.startsWith('.')))
          found.push(entry.name);
      }
    } finally {
      directory.closeSync();
    }
  } catch {
    // It is no folder, is missing, or may not be read: nothing in it matches.
  }
  return found;
}
