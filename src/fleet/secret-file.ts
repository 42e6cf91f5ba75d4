import { errorOf } from '../errors.ts';
import { readConfigFile } from '../read-config-file.ts';

const LIMIT_BYTES = 4096;

/**
 * The text of a file with a secret, which only its owner may read. Throws McblockError('config').
 * @param setting the setting that names the file, for messages: `pubsub.signing-key`
 */
export function readSecretFile(file: string, setting: string): string {
  try {
    const content = readConfigFile(file, ({ mode, size }) => {
      if ((mode & 0o077) !== 0) return `others can read it; run chmod 600 ${file}`;
      return size > LIMIT_BYTES ? `it is longer than ${LIMIT_BYTES} bytes` : undefined;
    });
    return content.toString('utf8');
  } catch (error) {
    throw errorOf('config', `${setting}: ${file}`, error);
  }
}
