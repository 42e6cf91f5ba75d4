import { createSecureContext } from 'node:tls';
import { McblockError, reasonOf } from '../../errors.ts';
import { readConfigFile } from '../../read-config-file.ts';

/** A bundle of all authorities there are has some 250 KB. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * A certificate or key in PEM (RFC 7468). `named` is how the file was named, for messages: `pubsub.cert`
 * or `--tls-cert`. Throws McblockError('config').
 */
export function readPem(file: string, named: string): Buffer {
  try {
    const content = readConfigFile(file, ({ size }) =>
      size > LIMIT_BYTES ? 'it is larger than 4 MiB' : undefined,
    );
    if (!content.includes('-----BEGIN ')) throw new Error('it is no PEM');
    return content;
  } catch (error) {
    throw new McblockError('config', `${named} ${file} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

interface TlsFiles {
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  readonly ca?: Buffer | undefined;
}

/**
 * Certificates and key that go together, before anything is tried with them: a daemon would try for
 * ever. `named` says which they are, for messages: `pubsub.cert, pubsub.key and pubsub.ca`. Throws
 * McblockError('config').
 */
export function checkTls({ cert, key, ca }: TlsFiles, named: string): void {
  try {
    createSecureContext({ cert, key, ca });
  } catch (error) {
    const reason = reasonOf(error);
    const why = /key values mismatch/.test(reason)
      ? 'the key is not that of the certificate'
      : reason;
    throw new McblockError('config', `${named} cannot be used: ${why}`, { cause: error });
  }
}
