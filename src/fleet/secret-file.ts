import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { McblockError, reasonOf } from '../errors.ts';

const LIMIT_BYTES = 4096;

/**
 * The text of a file with a secret, which nobody but its owner may read. `named` is how the file was
 * named, for messages: `bell.fleet-key`. Throws McblockError('config').
 */
export function readSecretFile(file: string, named: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { mode, size } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) throw new Error(`others may read it; run chmod 600 ${file}`);
    if (size > LIMIT_BYTES) throw new Error(`it is longer than ${LIMIT_BYTES} bytes`);
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw new McblockError('config', `${named} ${file} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
