import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { McblockError, reasonOf } from '../../errors.ts';
import type { WidestLengths } from '../../net/wide.ts';
import { REVISION_HEADER, WIDEST_HEADER } from '../revision.ts';
import type { ApiEndpoint } from './api-endpoint.ts';

export interface TransportLimits {
  /** The longest silence of the server. */
  readonly idleMilliseconds: number;
  /** The longest time for a whole request. */
  readonly requestMilliseconds: number;
  /** The largest body, both compressed and decompressed. */
  readonly bodyBytes: number;
}

const DEFAULT_LIMITS: TransportLimits = {
  idleMilliseconds: 30_000,
  requestMilliseconds: 300_000,
  bodyBytes: 64 * 1024 * 1024,
};

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with /v2. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly body: Buffer;
  /** The value of Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** The server's revision of the API; undefined where it states none, as a proxy does. */
  readonly revision: number | undefined;
  /** The shortest prefix lengths that this user may have blocked. */
  readonly widest: WidestLengths | undefined;
}

const gunzipAsync = promisify(gunzip);

/** Requests to one server over one persistent connection. Redirects are not followed. */
export class Transport {
  readonly #endpoint: ApiEndpoint;
  readonly #limits: TransportLimits;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #httpRequest: typeof httpRequest;
  readonly #authorization: string;

  constructor(endpoint: ApiEndpoint, limits: TransportLimits = DEFAULT_LIMITS) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    const { url, user, password, ca, identity } = endpoint;
    const isSecure = url.startsWith('https:');
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#httpRequest = isSecure ? httpsRequest : httpRequest;
    this.#agent = isSecure
      ? new HttpsAgent({
          ...kept,
          minVersion: 'TLSv1.2',
          ...(ca !== undefined && { ca }),
          ...identity,
        })
      : new HttpAgent(kept);
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  get url(): string {
    return this.#endpoint.url;
  }

  /** Throws McblockError: 'program' if there is no answer, 'input' if its body is too large. */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const { requestMilliseconds } = this.#limits;
    const timeout = AbortSignal.timeout(requestMilliseconds);
    const signal =
      request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    try {
      const message = await this.#request(request, signal);
      const body = await this.#bodyOf(message);
      const { statusCode: status = 0, headers } = message;
      return {
        status,
        body,
        retryAfterSeconds: wholeOf(headers['retry-after']),
        revision: wholeOf(headers[REVISION_HEADER]),
        widest: lengthsOf(headers[WIDEST_HEADER]),
      };
    } catch (error) {
      if (error instanceof McblockError) throw error;
      const why = timeout.aborted
        ? `incomplete after ${requestMilliseconds / 1000} s`
        : reasonOfFailure(error);
      throw new McblockError('program', `no answer from ${this.url}: ${why}`, { cause: error });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #request({ method, path, body }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { idleMilliseconds } = this.#limits;
    return new Promise((resolve, reject) => {
      const request = this.#httpRequest(`${this.#endpoint.url}${path}`, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          authorization: this.#authorization,
          ...(this.#endpoint.agent !== undefined && { 'user-agent': this.#endpoint.agent }),
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
        },
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.setTimeout(idleMilliseconds, () =>
        request.destroy(new Error(`silent for ${idleMilliseconds / 1000} s`)),
      );
      request.end(sent);
    });
  }

  async #bodyOf(message: IncomingMessage): Promise<Buffer> {
    const { bodyBytes } = this.#limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bodyBytes) throw this.#invalid(`more than ${bodyBytes} bytes`);
      chunks.push(chunk);
    }
    const whole = Buffer.concat(chunks);
    if (message.headers['content-encoding'] !== 'gzip') return whole;
    try {
      return await gunzipAsync(whole, { maxOutputLength: bodyBytes });
    } catch (error) {
      throw this.#invalid(`gzip data is damaged or exceeds ${bodyBytes} bytes`, error);
    }
  }

  #invalid(fault: string, cause?: unknown): McblockError {
    return new McblockError('input', `${this.url}: invalid answer: ${fault}`, { cause });
  }
}

const UNTRUSTED = 'the certificate is not signed by a trusted CA; check fleet.ca';
const NO_CERTIFICATE = 'a client certificate is required; check fleet.cert and fleet.key';

/** OpenSSL's error codes that a wrong configuration causes. */
const FAULTS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_CERTIFICATE,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS; check fleet.url',
};

function reasonOfFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return FAULTS[code] ?? reasonOf(error);
}

function wholeOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

function lengthsOf(header: string | string[] | undefined): WidestLengths | undefined {
  const match = typeof header === 'string' ? /^(\d{1,2}) (\d{1,3})$/.exec(header) : null;
  return match === null ? undefined : { widest4: Number(match[1]), widest6: Number(match[2]) };
}
