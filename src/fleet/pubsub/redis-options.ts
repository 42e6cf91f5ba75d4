import type { RedisClientOptions } from '@redis/client';
import { backoff } from './backoff.ts';
import { type Endpoint, type Identity, requireTls } from './endpoint.ts';

/** The fleet's Redis server, and this host's identity there. */
export interface RedisLocation {
  readonly endpoint: Endpoint;
  /** Undefined: without TLS, which is for this host only. */
  readonly identity: Identity | undefined;
}

const PING_MILLISECONDS = 1000;
/** The kernel accepts connections for a stopped process, whose TLS handshake then never ends. */
const CONNECT_MILLISECONDS = 2000;

/**
 * Options of node-redis, whose default reconnect strategy gives up after a socket timeout. Throws
 * McblockError('config') if messages would cross a network unencrypted.
 * @param socketTimeoutMilliseconds how long to wait on a connection on which nothing arrives. Its timer
 *   fires before the socket is read, so what arrived while this process was stopped is lost.
 */
export function redisOptions(
  { endpoint, identity }: RedisLocation,
  socketTimeoutMilliseconds?: number,
): RedisClientOptions {
  requireTls(endpoint, identity);
  const limits = {
    connectTimeout: CONNECT_MILLISECONDS,
    ...(socketTimeoutMilliseconds === undefined
      ? {}
      : { socketTimeout: socketTimeoutMilliseconds }),
    reconnectStrategy: (attempt: number) => backoff(attempt, Math.random()),
  };
  const target =
    endpoint.kind === 'unix'
      ? { path: endpoint.path }
      : { host: endpoint.host, port: endpoint.port, noDelay: true };
  return {
    pingInterval: PING_MILLISECONDS,
    // These commands are for Redis Inc.'s services, and an ACL may refuse them.
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket:
      identity === undefined || endpoint.kind === 'unix'
        ? { ...target, ...limits }
        : { ...target, ...limits, ...identity, tls: true, minVersion: 'TLSv1.2' },
  };
}
