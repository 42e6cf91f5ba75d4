import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onSendAsyncHookHandler,
  RouteOptions,
} from 'fastify';
import { McblockError, reasonOf } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { type Api, compileDecoder } from './api.ts';
import { authenticate, type V1Status } from './authentication.ts';
import { limitConnections } from './connection-limit.ts';
import { Contacts } from './contacts.ts';
import { Credentials } from './credentials.ts';
import type { FleetStore } from './fleet-store.ts';
import { Listing } from './listing.ts';
import { Metrics } from './metrics.ts';
import { openApiOf } from './openapi.ts';
import { OverviewSource } from './overview.ts';
import { Pages } from './pages.ts';
import { isAmong, peerAddress } from './peer.ts';
import type { ReportRules } from './process-reports.ts';
import { limitRate, type Rates } from './rate-limit.ts';
import { API_REVISION, REVISION_HEADER } from './revision.ts';
import { addAdminRoutes } from './routes-admin.ts';
import { addFeedRoutes } from './routes-feeds.ts';
import { addKeyRoutes } from './routes-keys.ts';
import { addOpenRoutes } from './routes-open.ts';
import { addOwnRoutes } from './routes-own.ts';
import { addRoutesV1 } from './routes-v1.ts';
import { addRoutesV2 } from './routes-v2.ts';
import { refuseForeign } from './same-origin.ts';
import type { ServerLog } from './server-log.ts';
import { type ReportCounted, Writer } from './writer.ts';

interface ServerLimits extends Rates {
  readonly bodyBytes: number;
  readonly listItems: number;
  readonly connections: number;
}

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The CA that signs the users' certificates; undefined where they need none. */
  readonly ca: Buffer | undefined;
}

export interface ServerOptions {
  readonly store: FleetStore;
  readonly rules: ReportRules;
  readonly limits: ServerLimits;
  readonly log: ServerLog;
  /** UTC seconds. */
  readonly clock: () => number;
  readonly version: string;
  readonly v1Status: V1Status;
  readonly tls: Tls | undefined;
  /** Proxies, of which X-Forwarded-For is believed. */
  readonly proxies: readonly Prefix[];
  /** Called with a user and how many of its reports were above what it may block. */
  readonly onOverBudget?: ((user: string, reports: number) => void) | undefined;
}

/** Characters of what peers write, in the log. */
const MAX_NAME = 64;
const MAX_PATH = 200;

/** The server, not yet listening. Closing it waits until every accepted report is stored. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, limits, clock, log, version, v1Status } = options;
  const budget = options.rules.policy.limits.user;
  const metrics = new Metrics();
  const contacts = new Contacts(clock());
  const hasCertificates = options.tls?.ca !== undefined;
  const checks = { credentials: new Credentials(store), metrics, hasCertificates };
  const writer = new Writer(store, options.rules, clock);
  const report: ReportCounted = async (by, reports) => {
    const results = await writer.submit({ by, reports, reset: false });
    metrics.countReports(by.name, results);
    contacts.reported(by.name, results);
    const over = results.filter(({ limit }) => limit !== undefined && limit !== 'fleet.quorum');
    if (over.length > 0) options.onOverBudget?.(by.name, over.length);
    return results;
  };
  const listing = new Listing(store, clock);
  const sequence = () => listing.sequence();
  const pages = new Pages(store, await store.identity(), sequence, clock);
  const { listItems: maxItems } = limits;

  const app = await createApp(options);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header(REVISION_HEADER, String(API_REVISION));
  });
  app.addHook('onRequest', refuseForeign);
  app.addHook('preValidation', limitRate(limits, metrics));
  app.addHook('onSend', endJsonLine);
  app.addHook('onResponse', async (request, reply) => {
    account(request, reply, metrics, log);
    const { user, headers } = request;
    if (user !== undefined) contacts.seen(user.name, headers['user-agent'], clock());
  });
  app.addHook('onClose', () => writer.idle());
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendFault(error, request, reply, log),
  );
  app.setNotFoundHandler(sendNotFound);

  // Not awaited: whoever builds on this server may still add hooks.
  void app.register(
    async (v1: Api) => {
      // A path that does not exist asks for a login too: acacia's clients get the same answer.
      v1.addHook(
        'onRequest',
        authenticate({ ...checks, unauthorizedStatus: v1Status, defaultAccess: 'read' }),
      );
      v1.setNotFoundHandler(sendNotFound);
      addRoutesV1(v1, { listing, writer, report, log });
    },
    { prefix: '/v1' },
  );
  void app.register(async (rest: Api) => {
    rest.addHook(
      'onRequest',
      authenticate({ ...checks, unauthorizedStatus: 401, defaultAccess: 'open' }),
    );
    addOpenRoutes(rest, listing);
    addAdminRoutes(rest, new OverviewSource({ store, listing, contacts, clock, version, budget }));
    addOwnRoutes(
      rest,
      listing,
      metrics,
      () => store.countClaimed(clock()),
      () => openApiOf(routes, version),
    );
    void rest.register(
      async (v2: Api) => {
        addRoutesV2(v2, { store, writer, report, pages, contacts, maxItems });
        addKeyRoutes(v2, { store, log, clock });
        addFeedRoutes(v2, { store, log, clock });
      },
      { prefix: '/v2' },
    );
  });
  return app;
}

/** Loads Fastify only here: no other command should pay for it. */
async function createApp({ limits, tls, proxies }: ServerOptions): Promise<Api> {
  const { fastify } = await import('fastify');
  const options = {
    bodyLimit: limits.bodyBytes,
    // How long a request may take to arrive, and a connection may idle between two.
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    trustProxy: proxies.length > 0 && ((address: string) => isAmong(proxies, address)),
    routerOptions: { maxParamLength: 64 },
  } as const;
  const app =
    tls === undefined ? fastify(options) : fastify({ ...options, https: tlsOptions(tls) });
  limitConnections(app.server, limits.connections, proxies);
  app.decorateRequest('user');
  app.decorateRequest('failedName');
  app.setValidatorCompiler(compileDecoder);
  return app;
}

function tlsOptions({ cert, key, ca }: Tls) {
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: 'TLSv1.2' as const, ...clients };
}

/** JSON ends in a newline and has acacia's content type, to which Fastify would add a charset. */
const endJsonLine: onSendAsyncHookHandler = async (_request, reply, payload) => {
  const type = String(reply.getHeader('content-type') ?? '');
  if (typeof payload !== 'string' || !type.startsWith('application/json')) return payload;
  reply.header('content-type', 'application/json');
  return `${payload}\n`;
};

async function sendNotFound(_request: unknown, reply: FastifyReply): Promise<FastifyReply> {
  return reply.code(404).send({ error: 'Not Found' });
}

/** An internal fault goes to the log; the client learns only that there was one. */
function sendFault(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: ServerLog,
): FastifyReply {
  const isOurs = error instanceof McblockError;
  if (isOurs && (error.code === 'input' || error.code === 'usage')) {
    return reply.code(400).send({ error: error.message });
  }
  const { statusCode = 500 } = error;
  if (!isOurs && statusCode >= 400 && statusCode < 500) {
    return reply.code(statusCode).send({ error: error.message });
  }
  log.write('error', 'failed', {
    method: request.method,
    path: pathOf(request).slice(0, MAX_PATH),
    reason: isOurs ? reasonOf(error) : (error.stack ?? reasonOf(error)),
  });
  if (!isOurs) return reply.code(500).send({ error: 'Internal Server Error' });
  reply.header('retry-after', '10');
  return reply.code(503).send({ error: 'the store is unavailable' });
}

function account(
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: Metrics,
  log: ServerLog,
): void {
  const { method, user, failedName, routeOptions } = request;
  const { statusCode: status, elapsedTime } = reply;
  metrics.countRequest(method, routeOptions.url ?? 'none', status, elapsedTime / 1000);
  const isRead = method === 'GET' || method === 'HEAD';
  const level = status >= 400 ? 'warning' : isRead ? 'debug' : 'info';
  // The peer's words stand behind its address.
  log.write(level, failedName === undefined ? 'request' : 'failed-login', {
    address: peerAddress(request),
    user: (user?.name ?? failedName)?.slice(0, MAX_NAME) ?? null,
    method,
    path: pathOf(request).slice(0, MAX_PATH),
    status,
    milliseconds: Math.round(elapsedTime * 100) / 100,
  });
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}
