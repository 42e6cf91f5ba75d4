import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { McblockError } from '../../errors.ts';
import { readSecretFile } from '../secret-file.ts';

/** The key with which this machine signs what it publishes: Ed25519 (RFC 8032). */
export class SigningKey {
  readonly #key: KeyObject;
  /** What verifies it: 43 characters of base64url, as in a JSON Web Key (RFC 8037). */
  readonly publicKey: string;

  constructor(key = generateKeyPairSync('ed25519').privateKey) {
    this.#key = key;
    this.publicKey = createPublicKey(key).export({ format: 'jwk' }).x ?? '';
  }

  /** 86 characters of base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }

  /** The private key: PKCS #8 in PEM, as openssl writes it. */
  get pem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }).toString();
  }
}

/** Reads a private key from a file that only its owner can read. Throws McblockError('config'). */
export function readSigningKey(file: string): SigningKey {
  const text = readSecretFile(file, 'pubsub.signing-key');
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // Its message could have parts of the file.
  }
  if (key?.asymmetricKeyType === 'ed25519') return new SigningKey(key);
  throw new McblockError(
    'config',
    `pubsub.signing-key: ${file} has no Ed25519 key; move it away and run mcblock key`,
  );
}
