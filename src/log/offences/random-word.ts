import { webcrypto } from 'node:crypto';

/** 32 unpredictable bits, as the key of a hash. */
export function randomWord(): number {
  const [word = 0] = webcrypto.getRandomValues(new Uint32Array(1));
  return word;
}
