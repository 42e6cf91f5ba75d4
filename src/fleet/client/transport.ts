import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { McblockError, reasonOf } from '../../errors.ts';
import type { Endpoint } from './endpoint.ts';

export interface TransportLimits {
  /** How long the other side may say nothing. */
  readonly idleMilliseconds: number;
  /** How long one request may take in all. */
  readonly requestMilliseconds: number;
  /** What an answer may have, as it travels and unpacked. */
  readonly answerBytes: number;
}

const USUAL_LIMITS: TransportLimits = {
  idleMilliseconds: 30_000,
  requestMilliseconds: 300_000,
  answerBytes: 64 * 1024 * 1024,
};

export interface Asking {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From /v2 on. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Ends the request early. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answered {
  readonly status: number;
  readonly body: Buffer;
  /** What Retry-After says, in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

const unpack = promisify(gunzip);

/** Requests to one server over one connection, which is kept. Redirections are not followed. */
export class Transport {
  readonly #endpoint: Endpoint;
  readonly #limits: TransportLimits;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #request: typeof httpRequest;
  readonly #authorization: string;

  constructor(endpoint: Endpoint, limits: TransportLimits = USUAL_LIMITS) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    const { url, user, password, ca, identity } = endpoint;
    const isSecure = url.startsWith('https:');
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#request = isSecure ? httpsRequest : httpRequest;
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

  /** Throws McblockError: 'program' where there is no answer, 'input' where there is too much. */
  async ask(asking: Asking): Promise<Answered> {
    const { requestMilliseconds } = this.#limits;
    const late = AbortSignal.timeout(requestMilliseconds);
    const signal = asking.signal === undefined ? late : AbortSignal.any([late, asking.signal]);
    try {
      const answer = await this.#send(asking, signal);
      const body = await this.#bodyOf(answer);
      const { statusCode = 0, headers } = answer;
      return { status: statusCode, body, retryAfterSeconds: secondsOf(headers['retry-after']) };
    } catch (error) {
      if (error instanceof McblockError) throw error;
      const why = late.aborted ? `it took more than ${requestMilliseconds / 1000} s` : whyOf(error);
      throw new McblockError('program', `${this.url} does not answer: ${why}`, { cause: error });
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#agent.destroy();
  }

  #send({ method, path, body }: Asking, signal: AbortSignal): Promise<IncomingMessage> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { idleMilliseconds } = this.#limits;
    return new Promise((resolve, reject) => {
      const request = this.#request(`${this.#endpoint.url}${path}`, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          authorization: this.#authorization,
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
        },
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.setTimeout(idleMilliseconds, () =>
        request.destroy(new Error(`it said nothing for ${idleMilliseconds / 1000} s`)),
      );
      request.end(sent);
    });
  }

  async #bodyOf(answer: IncomingMessage): Promise<Buffer> {
    const { answerBytes } = this.#limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > answerBytes) throw this.#nonsense(`more than ${answerBytes} bytes`);
      chunks.push(chunk);
    }
    const whole = Buffer.concat(chunks);
    if (answer.headers['content-encoding'] !== 'gzip') return whole;
    try {
      return await unpack(whole, { maxOutputLength: answerBytes });
    } catch (error) {
      throw this.#nonsense(`what unpacks to more than ${answerBytes} bytes, or to nothing`, error);
    }
  }

  #nonsense(what: string, cause?: unknown): McblockError {
    return new McblockError('input', `${this.url} answers nonsense: ${what}`, { cause });
  }
}

const UNTRUSTED = 'its certificate is signed by nobody that this machine trusts; see to fleet.ca';
const NO_CERTIFICATE = 'it wants a certificate of this machine; see to fleet.cert and fleet.key';

/** OpenSSL's words for what a configuration does not say, in ours. */
const FAULTS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_CERTIFICATE,
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; see to fleet.url',
};

function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return FAULTS[code] ?? reasonOf(error);
}

function secondsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
