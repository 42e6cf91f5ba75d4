import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Does what acacia's API does (its v1_pf.py and tools.py): a list of prefixes, a login of which any fault
 * is answered with 503, and Flask's page for what does not exist.
 */
export class AcaciaApi {
  readonly rows = new Map<string, string>();
  readonly #login: string;
  readonly #server: Server;

  constructor(user: string, password: string) {
    this.#login = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(([status, body]) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      );
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<[number, string]> {
    if (request.url !== '/v1/pf') return [404, '<!doctype html><title>404 Not Found</title>'];
    if (request.headers.authorization !== this.#login)
      return [503, 'java.lang.NullPointerException'];
    const { method } = request;
    if (method === 'GET') return [200, JSON.stringify([...this.rows.keys()].map((ip) => [ip]))];
    let text = '';
    for await (const chunk of request) text += String(chunk);
    for (const { IP, source } of JSON.parse(text) as { IP: string; source?: string }[]) {
      const ip = IP.includes('/') ? IP : `${IP}/32`;
      if (method === 'DELETE') this.rows.delete(ip);
      else if (source === undefined) return [400, '"\'source\' key is missing"'];
      else if (!this.rows.has(ip)) this.rows.set(ip, source);
    }
    return [204, ''];
  }
}
