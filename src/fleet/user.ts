import type { Expiry, Seconds } from '../blocklist/entry.ts';
import { McblockError } from '../errors.ts';
import type { Reporter } from './report.ts';

/** report: tell of offenders. read: fetch. admin: both, the allow-list, and no limits. */
export const SCOPES = ['report', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface User {
  readonly name: string;
  /** As {@link hashPassword} makes it. */
  readonly password: string;
  readonly scopes: readonly Scope[];
  /** The widest prefixes he may have blocked, as lengths. */
  readonly widest4: number;
  readonly widest6: number;
  /** How long a block by hand may last. */
  readonly longest: Expiry;
  readonly disabled: boolean;
  readonly createdAt: Seconds;
}

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** Whether the user may do what needs this scope. */
export function may(user: User, scope: Scope): boolean {
  return user.scopes.includes(scope) || user.scopes.includes('admin');
}

/** What the user is when he reports: an administrator has no limits but that of a /0. */
export function reporterOf(user: User): Reporter {
  const { name, widest4, widest6, longest } = user;
  return may(user, 'admin')
    ? { name, isAdmin: true, widest4: 1, widest6: 1, longestSeconds: 'forever' }
    : { name, isAdmin: false, widest4, widest6, longestSeconds: longest };
}

/** Basic authentication (RFC 7617) parts name and password at the first colon. */
export function checkUserName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)) return;
  throw new McblockError(
    'usage',
    `"${name.slice(0, 64)}" is no name of a user: up to 64 letters, digits, dots, @, - and _, the first a letter or digit`,
  );
}
