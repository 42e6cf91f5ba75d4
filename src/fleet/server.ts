import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { McblockError, reasonOf } from '../errors.ts';
import { Authenticator, isV1, type V1Status } from './authenticator.ts';
import { Credentials } from './credentials.ts';
import type { FleetStore } from './fleet-store.ts';
import { Listing } from './listing.ts';
import { Metrics } from './metrics.ts';
import { openApiOf } from './openapi.ts';
import { Pages } from './pages.ts';
import type { Rules } from './process-reports.ts';
import { Rate } from './rate.ts';
import { faultAnswer, send } from './reply.ts';
import type { Access, Route } from './route.ts';
import { openRoutes } from './routes-open.ts';
import { routesV1 } from './routes-v1.ts';
import { routesV2 } from './routes-v2.ts';
import type { ServerLog } from './server-log.ts';
import type { User } from './user.ts';
import { Writer } from './writer.ts';

interface ServerLimits {
  readonly bodyBytes: number;
  readonly listItems: number;
  /** Requests of one user a second, each item of a list being one. */
  readonly perSecond: number;
}

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who signs the certificates of clients; undefined where they need none. */
  readonly ca: Buffer | undefined;
}

export interface ServerOptions {
  readonly store: FleetStore;
  readonly rules: Rules;
  readonly limits: ServerLimits;
  readonly log: ServerLog;
  /** UTC seconds. */
  readonly clock: () => number;
  readonly version: string;
  readonly v1Status: V1Status;
  readonly tls: Tls | undefined;
}

/** The server, which does not listen yet. When it is closed all it was told is in the store. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, limits, clock, v1Status } = options;
  const metrics = new Metrics();
  const writer = new Writer(store, options.rules, clock);
  const listing = new Listing(store, clock);
  const pages = new Pages(store, await store.identity(), () => listing.sequence());
  const authenticator = new Authenticator({
    credentials: new Credentials(store),
    metrics,
    v1Status,
  });
  const mostItems = limits.listItems;
  const routes: Route[] = [
    ...openRoutes(listing),
    ...routesV1(listing, writer, metrics, mostItems),
    ...routesV2({ store, writer, pages, metrics, mostItems }),
    ...ownRoutes(listing, metrics, () => openApiOf(routes, options.version)),
  ];
  const app = await bareServer(options);
  const processor = new ReportProcessor(
    authenticator,
    new Rate(limits.perSecond),
    metrics,
    options.log,
  );
  for (const route of routes) processor.put(app, route);
  processor.putFaults(app);
  app.addHook('onClose', () => writer.idle());
  return app;
}

/** What the server tells of itself. */
function ownRoutes(listing: Listing, metrics: Metrics, document: () => object): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      access: 'local',
      summary: 'What the server counts, for Prometheus; without a password from the same host',
      answers: { 200: 'text' },
      handle: async () => {
        const { count } = await listing.now();
        const text = metrics.text(count, await listing.sequence());
        return { status: 200, text, type: 'text/plain; version=0.0.4; charset=utf-8' };
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'open',
      summary: 'This document',
      answers: { 200: 'OpenAPI' },
      handle: () => ({ status: 200, value: document() }),
    },
  ];
}

/** Fastify is loaded here: no other command may pay for it. */
async function bareServer({ limits, tls }: ServerOptions): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const common = {
    bodyLimit: limits.bodyBytes,
    // Time to send a request in, and to be idle in between.
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 64 },
  } as const;
  const app =
    tls === undefined
      ? fastify(common)
      : (fastify({ ...common, https: { ...secured(tls) } }) as unknown as FastifyInstance);
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  return app;
}

function secured({ cert, key, ca }: Tls): object {
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: 'TLSv1.2', ...clients };
}

/** Leads a request to its route and the answer back. */
class ReportProcessor {
  readonly #authenticator: Authenticator;
  readonly #rate: Rate;
  readonly #metrics: Metrics;
  readonly #log: ServerLog;
  readonly #users = new WeakMap<FastifyRequest, User>();

  constructor(authenticator: Authenticator, rate: Rate, metrics: Metrics, log: ServerLog) {
    this.#authenticator = authenticator;
    this.#rate = rate;
    this.#metrics = metrics;
    this.#log = log;
  }

  put(app: FastifyInstance, route: Route): void {
    app.route({
      method: route.method,
      url: route.path,
      // Before the body is read: whoever is not known cannot make us read it.
      onRequest: (request, reply) => this.#admit(request, reply, route.access),
      handler: (request, reply) => this.#handle(request, reply, route),
      onResponse: async (request, reply) => this.#account(request, reply, route.path),
    });
  }

  putFaults(app: FastifyInstance): void {
    app.setNotFoundHandler(async (request, reply) => {
      const path = pathOf(request);
      // All of version 1 asks who it is, what there is not as well.
      if (isV1(path) && (await this.#admit(request, reply, 'read')) !== undefined) return reply;
      await send(request, reply, { status: 404, value: { error: 'Not Found' } });
      this.#account(request, reply, 'none');
      return reply;
    });
    app.setErrorHandler(async (error, request, reply) => {
      const answer = faultAnswer(error);
      if (answer.status >= 500) {
        const { method } = request;
        this.#log.write('error', 'failed', {
          method,
          path: pathOf(request),
          reason: traced(error),
        });
      }
      return send(request, reply, answer);
    });
  }

  /** Gives the reply where it was sent already. */
  async #admit(
    request: FastifyRequest,
    reply: FastifyReply,
    access: Access,
  ): Promise<FastifyReply | undefined> {
    const { authorization } = request.headers;
    const entrance = await this.#authenticator.enter(
      access,
      pathOf(request),
      addressOf(request),
      authorization,
    );
    const { user, refusal } = entrance;
    if (user !== undefined) this.#users.set(request, user);
    return refusal === undefined ? undefined : send(request, reply, refusal);
  }

  async #handle(request: FastifyRequest, reply: FastifyReply, route: Route): Promise<FastifyReply> {
    const user = this.#users.get(request);
    const { body } = request;
    const waitSeconds = user === undefined ? 0 : this.#rate.take(user.name, costOf(body));
    if (waitSeconds > 0) {
      this.#metrics.countLimited();
      const headers = { 'retry-after': String(waitSeconds) };
      return send(request, reply, { status: 429, value: { error: 'too many requests' }, headers });
    }
    const answer = await route.handle({
      params: request.params as Readonly<Record<string, string>>,
      query: new URLSearchParams(request.url.split('?', 2)[1] ?? ''),
      body,
      headers: request.headers,
      address: addressOf(request),
      user,
    });
    return send(request, reply, answer);
  }

  #account(request: FastifyRequest, reply: FastifyReply, path: string): void {
    const { method } = request;
    const status = reply.statusCode;
    const milliseconds = reply.elapsedTime;
    this.#metrics.countRequest(method, path, status, milliseconds / 1000);
    const isRead = method === 'GET' || method === 'HEAD';
    const level = status >= 400 ? 'warning' : isRead ? 'debug' : 'info';
    this.#log.write(level, 'request', {
      method,
      path: pathOf(request).slice(0, 200),
      status,
      user: this.#users.get(request)?.name ?? null,
      address: addressOf(request),
      milliseconds: Math.round(milliseconds * 100) / 100,
    });
  }
}

/** Of a fault of ours also where it is. */
function traced(error: unknown): string {
  const isOurs = error instanceof Error && !(error instanceof McblockError);
  return isOurs && error.stack !== undefined ? error.stack : reasonOf(error);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

/** Of the peer; IPv4 as such. */
function addressOf({ ip }: FastifyRequest): string {
  return ip.startsWith('::ffff:') ? ip.slice('::ffff:'.length) : ip;
}

/** One for the request, and one for each further item of its list. */
function costOf(body: unknown): number {
  const list = typeof body === 'object' && body !== null && 'reports' in body ? body.reports : body;
  return Array.isArray(list) ? Math.max(1, list.length) : 1;
}
