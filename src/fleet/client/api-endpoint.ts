import { McblockError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/** The server of the API, and this machine's credentials there. */
export interface ApiEndpoint {
  /** http or https, host and port, and perhaps a path before /v2; no slash at the end. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** How the client names itself to the server, such as `mcblock/1.2.3`. */
  readonly agent?: string;
  /** The CA of the server's certificate; undefined: one that Node trusts. */
  readonly ca: Buffer | undefined;
  /** This machine's certificate and key, where the server asks for them. */
  readonly identity: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/**
 * The URL without a slash at its end. Throws McblockError('config') if it is invalid, or if the
 * password would cross a network unencrypted.
 */
export function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new McblockError('config', `fleet.url: "${text}" is not a URL`, { cause: error });
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
    return url.href.replace(/\/+$/, '');
  throw new McblockError(
    'config',
    `fleet.url: the password would go to ${url.host} unencrypted; use https://`,
  );
}
