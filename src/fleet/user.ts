import type { Expiry, Seconds } from '../blocklist/entry.ts';
import { McblockError } from '../errors.ts';
import type { Reporter } from './report.ts';

/** report: report offenders. read: fetch. admin: both, the allow-list, and no limits. */
export const SCOPES = ['report', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface User {
  readonly name: string;
  /** Made by {@link hashPassword} or {@link hashMadePassword}. */
  readonly password: string;
  readonly scopes: readonly Scope[];
  /** The shortest prefix lengths that the user may have blocked. */
  readonly widest4: number;
  readonly widest6: number;
  /** The longest block by hand. */
  readonly longest: Expiry;
  readonly disabled: boolean;
  readonly createdAt: Seconds;
}

export type UserChange = Partial<Pick<User, 'password' | 'disabled'>>;

/** The public key that verifies what a user publishes, 43 characters of base64url. */
export interface UserKey {
  readonly name: string;
  readonly key: string;
  readonly since: Seconds;
}

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** Whether the user has this scope. */
export function may(user: User, scope: Scope): boolean {
  return user.scopes.includes(scope) || user.scopes.includes('admin');
}

/** The user with the limits on their reports. An administrator may report anything but a /0. */
export function reporterOf(user: User): Reporter {
  const { name, widest4, widest6, longest } = user;
  return may(user, 'admin')
    ? { name, isAdmin: true, widest4: 1, widest6: 1, longestSeconds: 'forever' }
    : { name, isAdmin: false, widest4, widest6, longestSeconds: longest };
}

/** Basic authentication (RFC 7617) separates name and password by a colon. Throws McblockError('usage'). */
export function checkUserName(name: string): void {
  if (isUserName(name)) return;
  throw new McblockError(
    'usage',
    `"${name.slice(0, 64)}" is not a user name: use up to 64 letters, digits, dots, @, - and _, beginning with a letter or digit`,
  );
}

export function isUserName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(text);
}
