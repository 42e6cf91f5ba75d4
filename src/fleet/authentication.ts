import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Access } from './api.ts';
import { type Credentials, parseBasic } from './credentials.ts';
import { isLoopback } from './loopback.ts';
import type { Metrics } from './metrics.ts';
import { peerAddress, peerNetwork } from './peer.ts';
import type { Reporter } from './report.ts';
import { WIDEST_HEADER } from './revision.ts';
import { sendLater } from './send-later.ts';
import { may, reporterOf } from './user.ts';

/**
 * The status with which version 1 answers a wrong name or password: acacia means to send 503, sends
 * 500 where it does not know the name, and RFC 9110 says 401.
 */
export const V1_STATUSES = [503, 500, 401] as const;
export type V1Status = (typeof V1_STATUSES)[number];

export interface AuthenticationOptions {
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  /** Users have certificates with their names, signed by our CA. */
  readonly hasCertificates: boolean;
  /** Answers a wrong name or password. */
  readonly unauthorizedStatus: V1Status;
  /** Of paths that do not exist. */
  readonly defaultAccess: Access;
}

/**
 * An onRequest hook that sets `request.user` or answers in place of the route. It runs before the
 * body is read, so that only known users can make the server read one.
 */
export function authenticate({
  credentials,
  metrics,
  hasCertificates,
  unauthorizedStatus,
  defaultAccess,
}: AuthenticationOptions): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const { access = defaultAccess } = request.routeOptions.config;
    if (access === 'open' || (access === 'local' && isLoopback(peerAddress(request)))) return;
    const given = parseBasic(request.headers.authorization);
    if (given === undefined) return sendUnauthorized(reply, unauthorizedStatus);
    const { socket } = request.raw;
    if (hasCertificates && certifiedName(socket) !== given.name) {
      metrics.countFailedLogin();
      request.failedName = given.name;
      return reply.code(403).send({ error: "the certificate is not this user's" });
    }
    const peer = {
      source: () => peerNetwork(peerAddress(request)),
      isConnected: () => !socket.destroyed,
    };
    const login = await credentials.login(given.name, given.password, peer);
    if (login.kind === 'busy') {
      return sendLater(reply, 503, 10, 'too many passwords wait to be checked');
    }
    if (login.kind === 'limited') {
      metrics.countLimited();
      return sendLater(reply, 429, login.seconds, 'too many wrong passwords');
    }
    if (login.kind === 'wrong') {
      metrics.countFailedLogin();
      request.failedName = given.name;
      return sendUnauthorized(reply, unauthorizedStatus);
    }
    const { user } = login;
    request.user = user;
    const { widest4, widest6 } = reporterOf(user);
    reply.header(WIDEST_HEADER, `${widest4} ${widest6}`);
    const scope = access === 'local' ? 'read' : access;
    if (!may(user, scope)) return reply.code(403).send({ error: `this needs the scope ${scope}` });
  };
}

/** The user of a route that asks for one, with their limits. */
export function reporterOfRequest({ user }: FastifyRequest): Reporter {
  if (user === undefined) throw new Error('the route does not ask for a user');
  return reporterOf(user);
}

const names = new WeakMap<Socket, string>();

/** The common name in the peer's certificate, which our CA signed. */
function certifiedName(socket: Socket): string | undefined {
  const known = names.get(socket);
  if (known !== undefined || !(socket instanceof TLSSocket)) return known;
  const name = socket.getPeerCertificate().subject?.CN;
  if (typeof name !== 'string') return undefined;
  names.set(socket, name);
  return name;
}

function sendUnauthorized(reply: FastifyReply, status: V1Status): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="mcblock", charset="UTF-8"');
  return reply.code(status).send({ error: STATUS_CODES[status] });
}
