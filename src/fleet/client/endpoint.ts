import { McblockError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/** Where a server is, and how this machine shows who it is. */
export interface Endpoint {
  /** http or https, host and port, and perhaps a path before /v2; without a slash at the end. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Who signed the certificate of the server; undefined: one of those that Node knows. */
  readonly ca: Buffer | undefined;
  /** The certificate of this machine and its key, where the server asks for one. */
  readonly identity: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/**
 * The URL without a slash at its end. Throws McblockError('config') where passwords would travel in
 * the clear, or it is no URL.
 */
export function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new McblockError('config', `fleet.url "${text}" is no URL`, { cause: error });
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
    return url.href.replace(/\/+$/, '');
  throw new McblockError(
    'config',
    `the password would go to ${url.host} in the clear: fleet.url must begin with https://, unless the API is on this host`,
  );
}
