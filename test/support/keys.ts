import { Keyring } from '../../src/fleet/pubsub/keyring.ts';
import type { SigningKey } from '../../src/fleet/pubsub/signing-key.ts';

/** The public keys of these, by name. */
export function keysOf(keys: Readonly<Record<string, SigningKey>>): Keyring {
  const keyring = new Keyring();
  keyring.replace(new Map(Object.entries(keys).map(([name, { publicKey }]) => [name, publicKey])));
  return keyring;
}
