import type { CachedBody } from './cached-body.ts';
import type { Scope, User } from './user.ts';

/** A request as the routes see it: checked for who it is, and read. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** What the JSON says, URLSearchParams of a form, undefined where there is none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the peer. */
  readonly address: string;
  /** Undefined on a route that asks for none. */
  readonly user: User | undefined;
}

/** What is answered. A value is sent as JSON that ends in a newline. */
export interface Answer {
  readonly status: number;
  readonly value?: unknown;
  /** Instead of a value: many fetch the same. */
  readonly copy?: CachedBody;
  /** Instead of a value: text that is not JSON. */
  readonly text?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who may ask: everybody, whoever is on this host or may read, or a user with the scope. */
export type Access = 'open' | 'local' | Scope;

/** One row of the table that the server and its document are made from. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for what varies. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON Schema of the body. */
  readonly body?: object;
  /** Meaning by status. */
  readonly answers: Readonly<Record<number, string>>;
  readonly handle: (asked: Asked) => Answer | Promise<Answer>;
}

export function userOf({ user }: Asked): User {
  if (user === undefined) throw new Error('the route asks for no user');
  return user;
}
