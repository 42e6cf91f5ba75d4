import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { McblockError, reasonOf } from '../../errors.ts';

export interface FetchOptions {
  readonly timeoutMilliseconds: number;
  readonly sizeLimitBytes: number;
  /** Certificates that are trusted instead of the system's, as PEM. */
  readonly ca?: string;
  /** What the server said of the text when it was fetched last. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** The text, or `unchanged` since it was fetched last. */
export type Fetched =
  | 'unchanged'
  | {
      readonly text: string;
      readonly etag: string | undefined;
      readonly lastModified: string | undefined;
    };

const REDIRECT_LIMIT = 5;

/**
 * Gets a text by https. One time limit for all of it; redirects lead to https alone. Throws
 * McblockError('input').
 */
export async function fetchText(url: string, options: FetchOptions): Promise<Fetched> {
  const signal = AbortSignal.timeout(options.timeoutMilliseconds);
  try {
    let place = new URL(url);
    for (let redirects = 0; redirects <= REDIRECT_LIMIT; redirects++) {
      const response = await get(place, options, signal);
      const { statusCode = 0, headers } = response;
      if ([301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined) {
        response.destroy();
        place = new URL(headers.location, place);
        if (place.protocol !== 'https:') throw new Error(`it leads to ${place.origin}, not https`);
        continue;
      }
      if (statusCode === 304) {
        response.destroy();
        return 'unchanged';
      }
      if (statusCode !== 200) {
        response.destroy();
        throw new Error(`the server answers ${statusCode}`);
      }
      const text = await textOf(response, options.sizeLimitBytes);
      return { text, etag: headers.etag, lastModified: headers['last-modified'] };
    }
    throw new Error(`it leads on more than ${REDIRECT_LIMIT} times`);
  } catch (cause) {
    const reason = signal.aborted
      ? `it took longer than ${options.timeoutMilliseconds / 1000} seconds`
      : reasonOf(cause);
    throw new McblockError('input', `${url} cannot be fetched: ${reason}. Nothing was changed.`, {
      cause,
    });
  }
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
    const asked = request(url, { signal, headers, ...(ca === undefined ? {} : { ca }) }, resolve);
    asked.on('error', reject);
    asked.end();
  });
}

async function textOf(response: IncomingMessage, limitBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > limitBytes) {
      response.destroy();
      throw new Error(`it is larger than ${limitBytes} bytes`);
    }
    pieces.push(piece);
  }
  if (!response.complete) throw new Error('the answer ended too early');
  return Buffer.concat(pieces).toString('utf8');
}
