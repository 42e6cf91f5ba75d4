import { list, object } from './codec.ts';
import { matching, printableText, time } from './values.ts';

/** A fleet has fewer users. */
const MAX_USERS = 100_000;

/** An Ed25519 public key (RFC 8032), as in a JSON Web Key (RFC 8037). */
const PUBLIC_KEY = matching(/^[\w-]{43}$/, 'a public key: 32 bytes in base64url');

/** The body of `PUT /v2/key`. */
export const KEY_BODY = object({ key: PUBLIC_KEY });

const USER_KEY = object({ name: printableText(64), key: PUBLIC_KEY, since: time() });

/** The answer to `GET /v2/keys`. */
export const USER_KEYS = object({ keys: list(USER_KEY, MAX_USERS) });
