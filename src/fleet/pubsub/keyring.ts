import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** The public keys of the fleet's users, which verify what they publish. */
export class Keyring {
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  /** @param keys by the name of the user; 43 characters of base64url */
  replace(keys: ReadonlyMap<string, string>): void {
    this.#keys = new Map(Array.from(keys, ([name, key]) => [name, keyObject(key)]));
  }

  has(name: string): boolean {
    return this.#keys.has(name);
  }

  /**
   * Whether this user signed the text. Of the spellings that base64url leaves for the same bytes,
   * only the one that encoders write is accepted (RFC 4648, 3.5).
   */
  verify(name: string, text: string, signature: string): boolean {
    const key = this.#keys.get(name);
    if (key === undefined) return false;
    const bytes = Buffer.from(signature, 'base64url');
    return bytes.toString('base64url') === signature && verify(null, Buffer.from(text), key, bytes);
  }
}

function keyObject(x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
