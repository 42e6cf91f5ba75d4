import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/**
 * The content of a file that is read whole, once `faultOf` finds nothing wrong with it: with the very
 * file that is read, whatever has its name by then. Throws what the file system throws, or an Error
 * with the fault.
 */
export function readConfigFile(
  file: string,
  faultOf: (stats: Stats) => string | undefined,
): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const fault = faultOf(fstatSync(descriptor));
    if (fault !== undefined) throw new Error(fault);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
