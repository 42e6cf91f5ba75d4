import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorOf, McblockError } from '../errors.ts';

const NEW_FILE_MODE = 0o644;

/**
 * Writes the file completely or not at all: to a temporary file beside it, which is synced and
 * renamed over it. An existing file keeps its mode and owner, unless a mode is given; a symbolic link
 * stays one. Throws McblockError('file'), in which case nothing has changed.
 */
export function writeFileWhole(named: string, chunks: Iterable<Uint8Array>, mode?: number): void {
  const path = existsSync(named) ? realpathSync(named) : named;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  let descriptor: number | undefined;
  try {
    const before = statsOf(path);
    descriptor = openSync(temporary, 'wx', 0o600);
    for (const chunk of chunks) writeAll(descriptor, chunk);
    if (before && mode === undefined && process.getuid?.() === 0) {
      chownSync(temporary, before.uid, before.gid);
    }
    chmodSync(temporary, mode ?? (before ? before.mode & 0o777 : NEW_FILE_MODE));
    fsyncSync(descriptor);
    closeSync(descriptor);
    descriptor = undefined;
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    removeIfThere(temporary);
    if (error instanceof McblockError) throw error;
    throw errorOf('file', path, error);
  }
}

function statsOf(path: string): Stats | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && !stats.isFile()) throw new McblockError('file', `${path}: not a regular file`);
  return stats;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(descriptor, bytes, offset);
  }
}

/** A rename is on the disk only once the folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
}
