import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** From OWASP's Password Storage Cheat Sheet, for scrypt with 32 MiB. */
const COST: Cost = { N: 2 ** 15, r: 8, p: 3 };
const MADE = 'hmac-sha256$';
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** The cost of a guess (RFC 7914, 2): 128 N r bytes of memory, work proportional to N r p. */
export interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** Hash of a password that a person chose: `scrypt$N$r$p$SALT$HASH`, the last two in base64url. */
export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return writeHash(cost, salt, await derive(password, salt, HASH_BYTES, cost));
}

/**
 * Hash of a password that {@link makePassword} made: nobody can try 2^144 of them, so that a fast hash is
 * enough. Returns `hmac-sha256$KEY$HASH`, the last two in base64url.
 */
export function hashMadePassword(password: string): string {
  const key = randomBytes(SALT_BYTES);
  const hash = keyedHash(key, password);
  return `${MADE}${key.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Whether a hash is one by {@link hashMadePassword}. */
export function isMadeHash(stored: string): boolean {
  return stored.startsWith(MADE);
}

/** Whether this is the password of a hash by {@link hashMadePassword}. Compares in constant time. */
export function isMadePassword(password: string, stored: string): boolean {
  if (!isMadeHash(stored)) return false;
  const [key = '', hashText = ''] = stored.slice(MADE.length).split('$');
  const hash = Buffer.from(hashText, 'base64url');
  return (
    hash.length === HASH_BYTES &&
    timingSafeEqual(keyedHash(Buffer.from(key, 'base64url'), password), hash)
  );
}

/** Whether this is the password of a hash by {@link hashPassword}. Compares in constant time. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [name, N, r, p, saltText = '', hashText = ''] = stored.split('$');
  const hash = Buffer.from(hashText, 'base64url');
  if (name !== 'scrypt' || hash.length === 0) return false;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(saltText, 'base64url'), hash.length, cost);
  return timingSafeEqual(derived, hash);
}

/** A random password of 144 bits, easy to type and paste. */
export function makePassword(): string {
  return randomBytes(18).toString('base64url');
}

/** A hash that no password matches, and that takes as long to check as a real one. */
export function unmatchableHash(): string {
  return writeHash(COST, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
}

function keyedHash(key: Buffer, password: string): Buffer {
  return createHmac('sha256', key).update(password).digest();
}

const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

function derive(password: string, salt: Buffer, bytes: number, cost: Cost): Promise<Buffer> {
  // Node's default limit is exactly what N = 2^15 and r = 8 need.
  const maxmem = 256 * cost.N * cost.r;
  return scryptAsync(password.normalize('NFC'), salt, bytes, { ...cost, maxmem });
}

function writeHash({ N, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}
