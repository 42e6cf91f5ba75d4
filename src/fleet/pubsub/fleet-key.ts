import { createHmac, timingSafeEqual } from 'node:crypto';
import { McblockError } from '../../errors.ts';
import { readSecretFile } from '../secret-file.ts';

const MIN_BYTES = 32;
const ADVICE = 'create one with: (umask 077; openssl rand -base64 32 > FILE)';

/** The key that all hosts of a fleet share. Signatures are HMAC-SHA-256 (RFC 2104). */
export class FleetKey {
  readonly #bytes: Buffer;

  /** @param bytes at least 32 */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** 43 characters of base64url. */
  sign(text: string): string {
    return this.#mac(text).toString('base64url');
  }

  /** Takes the same time for every wrong signature. */
  verify(text: string, signature: string): boolean {
    const mac = this.#mac(text);
    const given = Buffer.from(signature, 'base64url');
    // The text is compared too: base64 allows several texts for the same bytes.
    return (
      given.length === mac.length &&
      timingSafeEqual(given, mac) &&
      mac.toString('base64url') === signature
    );
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#bytes).update(text).digest();
  }
}

/** Reads a key in base64 from a file that only its owner can read. Throws McblockError('config'). */
export function readFleetKey(file: string): FleetKey {
  const text = readSecretFile(file, 'pubsub.fleet-key').trim();
  const bytes = Buffer.from(text, 'base64');
  const isBase64 = bytes.toString('base64').replaceAll('=', '') === text.replaceAll('=', '');
  if (!isBase64 || bytes.length < MIN_BYTES) {
    throw new McblockError(
      'config',
      `pubsub.fleet-key: ${file} must hold at least ${MIN_BYTES} random bytes in base64; ${ADVICE}`,
    );
  }
  return new FleetKey(bytes);
}
