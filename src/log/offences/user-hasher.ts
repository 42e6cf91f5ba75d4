import { randomBytes } from 'node:crypto';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import { asciiBytes } from '../bytes.ts';
import type { Line } from '../line.ts';

/** The length of the key. */
const USER_KEY_BYTES = 8;

/** The lower bits of the hash's second word that a whole number has room for. */
const HIGH_MASK = 0x1f_ffff;

/**
 * Hashes the name of the user that a line names together with the group of its service, with a key,
 * so that neither the store nor an offence holds a name: it may be a password that was typed in the
 * wrong place. HalfSipHash-2-4 with 53 of its 64 bits.
 */
export class UserHasher {
  /** The two words of the key of each service. */
  readonly #keys: readonly Uint32Array[];
  /** The two words of the last hash. */
  readonly #words = new Uint32Array(2);
  /** The number of the last line, and its hash. */
  #number = -1;
  #hash = 0;

  /**
   * @param groups the services that share their users; each other one has users of its own
   * @param key of USER_KEY_BYTES; by default a new one
   */
  constructor(
    scanners: readonly Scanner[],
    groups: readonly (readonly string[])[] = [],
    key: Uint8Array = randomBytes(USER_KEY_BYTES),
  ) {
    const view = Buffer.from(key);
    const words = Uint32Array.of(view.readUInt32LE(0), view.readUInt32LE(4));
    this.#keys = scanners.map(({ service }) => {
      const group = groups.find((services) => services.includes(service)) ?? [service];
      const name = asciiBytes(group.join(' '));
      const own = new Uint32Array(2);
      halfSipHash(name, 0, name.length, words, own);
      return own;
    });
  }

  /** A whole number from 1 to 2^53 - 1; 0 if the line names no user. */
  hashOf(line: Line): number {
    // The bytes of a line that is repeated are gone.
    const isKnown = line.repeatsLast && line.number === this.#number + 1;
    if (line.repeatsLast) this.#hash = isKnown ? this.#hash : 0;
    else this.#hash = this.#hashOf(line);
    this.#number = line.number;
    return this.#hash;
  }

  #hashOf({ bytes, reading, speaker }: Line): number {
    const { userStart, userEnd } = reading;
    const key = this.#keys[speaker];
    if (userStart < 0 || userStart === userEnd || key === undefined) return 0;
    halfSipHash(bytes, userStart, userEnd, key, this.#words);
    const [low = 0, high = 0] = this.#words;
    return (high & HIGH_MASK) * 2 ** 32 + low || 1;
  }
}

/**
 * HalfSipHash-2-4 with 64 bits (J.-P. Aumasson, D. J. Bernstein).
 * @param key two words
 * @param hash two words, which are set
 */
export function halfSipHash(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: Uint32Array,
  hash: Uint32Array,
): void {
  const k0 = key[0] ?? 0;
  const k1 = key[1] ?? 0;
  let v0 = k0 | 0;
  let v1 = k1 ^ 0xee;
  let v2 = k0 ^ 0x6c79_6765;
  let v3 = k1 ^ 0x7465_6462;
  const length = end - start;
  const whole = start + (length & ~3);
  // The last word holds the bytes that are left and the length.
  for (let at = start; at <= whole; at += 4) {
    let word = 0;
    if (at < whole) {
      word =
        (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24);
    } else {
      word = length << 24;
      for (let left = end - 1; left >= whole; left--) {
        word |= (bytes[left] ?? 0) << (8 * (left - whole));
      }
    }
    v3 ^= word;
    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  v2 ^= 0xee;
  for (let round = 0; round < 8; round++) {
    if (round === 4) {
      hash[0] = v1 ^ v3;
      v1 ^= 0xdd;
    }
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  hash[1] = v1 ^ v3;
}
