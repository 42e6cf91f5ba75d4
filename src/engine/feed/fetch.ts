import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { McblockError, reasonOf } from '../../errors.ts';

export interface FetchOptions {
  readonly timeoutMilliseconds: number;
  readonly sizeLimitBytes: number;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string;
  /** The server's headers when the text was last fetched. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** The text, or `unchanged` since it was last fetched. */
export type Fetched =
  | 'unchanged'
  | {
      readonly text: string;
      readonly etag: string | undefined;
      readonly lastModified: string | undefined;
    };

const MAX_REDIRECTS = 5;

/**
 * Fetches a text over https. The time limit covers all redirects, which must be https too. Throws
 * McblockError('input').
 */
export async function fetchText(url: string, options: FetchOptions): Promise<Fetched> {
  const signal = AbortSignal.timeout(options.timeoutMilliseconds);
  try {
    let location = new URL(url);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await get(location, options, signal);
      const { statusCode = 0, headers } = response;
      if ([301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined) {
        response.destroy();
        location = new URL(headers.location, location);
        if (location.protocol !== 'https:') {
          throw new Error(`redirected to ${location.origin}, not https`);
        }
        continue;
      }
      if (statusCode === 304) {
        response.destroy();
        return 'unchanged';
      }
      if (statusCode !== 200) {
        response.destroy();
        throw new Error(`status ${statusCode}`);
      }
      const text = await textOf(response, options.sizeLimitBytes);
      return { text, etag: headers.etag, lastModified: headers['last-modified'] };
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects`);
  } catch (cause) {
    const reason = signal.aborted
      ? `took longer than ${options.timeoutMilliseconds / 1000} seconds`
      : reasonOf(cause);
    throw new McblockError('input', `${withoutSecrets(url)}: ${reason}; nothing changed`, {
      cause,
    });
  }
}

/** Without its query and password, which may be a key of the user's. */
export function withoutSecrets(url: string): string {
  return url.replace(/\?.*/s, '?...').replace(/\/\/[^/]*@/, '//');
}

function get(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { ca, etag, lastModified } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/plain, application/json, */*',
      'accept-encoding': 'identity',
      'user-agent': 'mcblock',
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
    };
    const sent = request(url, { signal, headers, ...(ca === undefined ? {} : { ca }) }, resolve);
    sent.on('error', reject);
    sent.end();
  });
}

async function textOf(response: IncomingMessage, limitBytes: number): Promise<string> {
  const { 'content-length': size, 'transfer-encoding': encoding } = response.headers;
  if (size === undefined && encoding === undefined) {
    // It ends with the connection, and Node does not tell whether TLS was closed properly (RFC 9112, 9.8).
    response.destroy();
    throw new Error('the answer has neither Content-Length nor chunks: it may be incomplete');
  }
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > limitBytes) {
      response.destroy();
      throw new Error(`larger than ${limitBytes} bytes`);
    }
    pieces.push(piece);
  }
  if (!response.complete) throw new Error('connection closed too early');
  return Buffer.concat(pieces).toString('utf8');
}
