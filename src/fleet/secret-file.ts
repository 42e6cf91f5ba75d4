import { McblockError, reasonOf } from '../errors.ts';
import { readConfigFile } from '../read-config-file.ts';

const LIMIT_BYTES = 4096;

/**
 * The text of a file with a secret, which nobody but its owner may read. `named` is how the file was
 * named, for messages: `pubsub.fleet-key`. Throws McblockError('config').
 */
export function readSecretFile(file: string, named: string): string {
  try {
    const content = readConfigFile(file, ({ mode, size }) => {
      if ((mode & 0o077) !== 0) return `others may read it; run chmod 600 ${file}`;
      return size > LIMIT_BYTES ? `it is longer than ${LIMIT_BYTES} bytes` : undefined;
    });
    return content.toString('utf8');
  } catch (error) {
    throw new McblockError('config', `${named} ${file} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
