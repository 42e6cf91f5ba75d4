import { createSecureContext } from 'node:tls';
import { errorOf, McblockError, reasonOf } from '../../errors.ts';
import { readConfigFile } from '../../read-config-file.ts';

/** A bundle of all public authorities has some 250 KB. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a certificate or key in PEM (RFC 7468). Throws McblockError('config').
 * @param named the setting or option that names the file, for messages: `pubsub.cert`, `--tls-cert`
 */
export function readPem(file: string, named: string): Buffer {
  try {
    const content = readConfigFile(file, ({ size }) =>
      size > LIMIT_BYTES ? 'larger than 4 MiB' : undefined,
    );
    if (!content.includes('-----BEGIN ')) throw new Error('not PEM');
    return content;
  } catch (error) {
    throw errorOf('config', `${named}: ${file}`, error);
  }
}

interface TlsFiles {
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  readonly ca?: Buffer | undefined;
}

/**
 * Checks that certificates and key fit together, at the start: a daemon would retry for ever. Throws
 * McblockError('config').
 * @param named the settings or options, for messages: `pubsub.cert, pubsub.key and pubsub.ca`
 */
export function checkTls({ cert, key, ca }: TlsFiles, named: string): void {
  try {
    createSecureContext({ cert, key, ca });
  } catch (error) {
    const reason = reasonOf(error);
    const why = /key values mismatch/.test(reason) ? 'key does not match certificate' : reason;
    throw new McblockError('config', `${named}: ${why}`, { cause: error });
  }
}
