import { STATUS_CODES } from 'node:http';
import { BUSY, type Credentials, parseBasic } from './credentials.ts';
import { isLoopback } from './loopback.ts';
import type { Metrics } from './metrics.ts';
import type { Access, Answer } from './route.ts';
import { may, type User } from './user.ts';

export interface AuthenticatorOptions {
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  readonly v1Status: V1Status;
}

/**
 * What version 1 answers to a wrong name or password: 503 as acacia means to, 500 as it does where
 * it does not know the name, or 401 as RFC 9110 has it.
 */
export const V1_STATUSES = [503, 500, 401] as const;
export type V1Status = (typeof V1_STATUSES)[number];

/** Who asks, if he is known; and what he is answered instead of being let in. */
export interface Entrance {
  readonly user: User | undefined;
  readonly refusal?: Answer;
}

/** Lets in who may ask. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  async enter(
    access: Access,
    path: string,
    address: string,
    authorization: string | undefined,
  ): Promise<Entrance> {
    if (access === 'open' || (access === 'local' && isLoopback(address))) {
      return { user: undefined };
    }
    const { credentials, metrics } = this.#options;
    const given = parseBasic(authorization);
    const user = given && (await credentials.userOf(given.name, given.password));
    if (user === BUSY) return { user: undefined, refusal: busy() };
    if (user === undefined) {
      if (given !== undefined) metrics.countFailedLogin();
      return { user, refusal: this.unknown(path) };
    }
    const scope = access === 'local' ? 'read' : access;
    if (may(user, scope)) return { user };
    const value = { error: `this needs the scope ${scope}` };
    return { user, refusal: { status: 403, value } };
  }

  /** What somebody is told who is not known. */
  unknown(path: string): Answer {
    const status = isV1(path) ? this.#options.v1Status : 401;
    if (status !== 401) return { status, value: { error: STATUS_CODES[status] } };
    return {
      status,
      value: { error: 'Unauthorized' },
      headers: { 'www-authenticate': 'Basic realm="mcblock", charset="UTF-8"' },
    };
  }
}

/** Whether all of it asks for authentication, what does not exist too. */
export function isV1(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/');
}

function busy(): Answer {
  return {
    status: 503,
    value: { error: 'too many passwords wait to be checked' },
    headers: { 'retry-after': '10' },
  };
}
