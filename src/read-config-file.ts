import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/**
 * The content of a file that is read whole, once `faultOf` finds nothing wrong with it: with the very
 * file that is read, whatever has its name by then. Root reads no file that others can write. Throws
 * what the file system throws, or an Error with the fault.
 */
export function readConfigFile(
  file: string,
  faultOf: (stats: Stats) => string | undefined,
): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const stats = fstatSync(descriptor);
    const fault = writableByOthers(file, stats) ?? faultOf(stats);
    if (fault !== undefined) throw new Error(fault);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A fault of a file that tells root what to run or to believe: only root may have written it. */
export function ownedByAnother(file: string, { uid }: Stats): string | undefined {
  if (process.geteuid?.() !== 0 || uid === 0) return undefined;
  return `owned by another user than root; run chown root ${file}`;
}

function writableByOthers(file: string, { mode }: Stats): string | undefined {
  if (process.geteuid?.() !== 0 || (mode & 0o022) === 0) return undefined;
  return `writable by others; run chmod go-w ${file}`;
}
