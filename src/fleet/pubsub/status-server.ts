import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { errorOf, reasonOf } from '../../errors.ts';
import { PROMETHEUS_TYPE, prometheusText } from '../../prometheus.ts';
import { DATA_POLICY, GUARD_HEADERS } from '../web-page.ts';
import { type Endpoint, endpointText, isLocal } from './endpoint.ts';
import { Events } from './events.ts';
import { PAGE_POLICY, pageOf } from './page.ts';
import { type PageData, pageJson } from './page-data.ts';
import type { SubscriberStatus } from './status.ts';
import { statusMetrics } from './status-metrics.ts';
import { stateText, statusJson } from './status-text.ts';

export interface StatusServerDeps {
  readonly status: SubscriberStatus;
  readonly version: string;
  /** The data of the page; called for each request, so it should be cached. */
  readonly page: () => Promise<PageData>;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

const MAX_CONNECTIONS = 256;
const REQUEST_MILLISECONDS = 10_000;
/** A browser does not wait longer for a large store to be read; the script asks for the rest. */
const FIRST_MILLISECONDS = 500;
const TEXT = 'text/plain; charset=utf-8';

/** Serves the status of the daemon over HTTP, read-only. */
export class StatusServer {
  readonly events = new Events();
  readonly #deps: StatusServerDeps;
  readonly #server: Server;
  /** Whether only this host can connect, under a few known names. */
  #isLocal = false;

  constructor(deps: StatusServerDeps) {
    this.#deps = deps;
    this.#server = createServer(
      { requestTimeout: REQUEST_MILLISECONDS, headersTimeout: REQUEST_MILLISECONDS },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Returns its address. Throws McblockError('program') if it cannot listen there. */
  async listen(endpoint: Endpoint): Promise<string> {
    this.#isLocal = isLocal(endpoint);
    try {
      this.#server.listen(
        endpoint.kind === 'unix' ? endpoint.path : { host: endpoint.host, port: endpoint.port },
      );
      await once(this.#server, 'listening');
    } catch (error) {
      throw errorOf('program', `cannot listen on ${endpointText(endpoint)}`, error);
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return endpointText(endpoint);
    return endpointText({ kind: 'tcp', host: address.address, port: address.port });
  }

  async close(): Promise<void> {
    this.events.close();
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(GUARD_HEADERS)) response.setHeader(name, value);
    response.on('error', () => {});
    try {
      const [path = '/'] = (request.url ?? '/').split('?');
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!isRead)
        send(response, { code: 405, type: TEXT, body: 'only GET and HEAD are allowed\n' });
      else if (!isPublic(path) && !this.#isNamed(request)) {
        // DNS rebinding: a page from elsewhere could make its own name point here.
        send(response, { code: 421, type: TEXT, body: 'unknown host name\n' });
      } else if (path === '/events' && request.method === 'GET') this.#listenTo(response);
      else send(response, await this.#answerTo(path), request.method === 'HEAD');
    } catch (error) {
      if (!response.headersSent) {
        send(response, { code: 500, type: TEXT, body: `failed: ${reasonOf(error)}\n` });
      } else response.destroy();
    }
  }

  async #answerTo(path: string): Promise<Answer> {
    const { status, version, page } = this.#deps;
    switch (path) {
      case '/':
        return { code: 200, type: 'text/html; charset=utf-8', body: await this.#page() };
      case '/status':
        return { code: 200, type: TEXT, body: stateText(status) };
      case '/version':
        return { code: 200, type: TEXT, body: `mcblock ${version}\n` };
      case '/healthz':
        return { code: 200, type: TEXT, body: 'ok\n' };
      case '/metrics':
        return { code: 200, type: PROMETHEUS_TYPE, body: prometheusText(statusMetrics(status)) };
      case '/status.json':
        return json(statusJson(status));
      case '/page.json':
        return json(pageJson(await page()));
      case '/map':
        return { code: 200, type: 'application/octet-stream', body: (await page()).map };
      default:
        return { code: 404, type: TEXT, body: 'not found\n' };
    }
  }

  async #page(): Promise<string> {
    const { status, version, page } = this.#deps;
    const read = page().then(pageJson);
    const first = await Promise.race([read, wait(FIRST_MILLISECONDS, null, { ref: false })]);
    return pageOf({ status: statusJson(status), page: first, version });
  }

  #listenTo(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    // The first event, so that no older state from elsewhere can arrive after a newer one.
    const first = { event: 'state', data: statusJson(this.#deps.status) };
    if (!this.events.add(response, first)) response.end();
  }

  #isNamed({ headers }: IncomingMessage): boolean {
    const name = (headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
    return !this.#isLocal || /^(?:|localhost|[\d.]+|\[[\da-f:.]+\])$/.test(name);
  }
}

/** Paths that reveal nothing about anybody. */
function isPublic(path: string): boolean {
  return path === '/status' || path === '/version' || path === '/healthz';
}

function json(value: object): Answer {
  return { code: 200, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function send(response: ServerResponse, { code, type, body }: Answer, isHead = false): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Content-Security-Policy': type.startsWith('text/html') ? PAGE_POLICY : DATA_POLICY,
    ...(code === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(isHead ? undefined : bytes);
}
