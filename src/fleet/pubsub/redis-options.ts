import type { RedisClientOptions } from '@redis/client';
import { backoff } from './backoff.ts';
import { type Endpoint, type Identity, refuseInTheClear } from './endpoint.ts';

/** Where the Redis of the fleet is, and who we are there. */
export interface RedisLocation {
  readonly endpoint: Endpoint;
  /** Undefined: without TLS, to this host alone. */
  readonly identity: Identity | undefined;
}

const PING_MILLISECONDS = 1000;
/**
 * A peer that is gone without a word is noticed after the ping and this: it must be longer than the
 * ping, or every quiet second would be taken for a failure.
 */
const SOCKET_MILLISECONDS = 2500;
/** Of a stopped process the kernel still accepts connections; TLS with it never comes to an end. */
const CONNECT_MILLISECONDS = 2000;

/**
 * Options of node-redis. Its own strategy gives up after a socket time-out, therefore this one.
 * Throws McblockError('config') where messages would go over a network in the clear.
 */
export function redisOptions({ endpoint, identity }: RedisLocation): RedisClientOptions {
  refuseInTheClear(endpoint, identity);
  const limits = {
    connectTimeout: CONNECT_MILLISECONDS,
    socketTimeout: SOCKET_MILLISECONDS,
    reconnectStrategy: (attempt: number) => backoff(attempt, Math.random()),
  };
  const place =
    endpoint.kind === 'unix'
      ? { path: endpoint.path }
      : { host: endpoint.host, port: endpoint.port, noDelay: true };
  return {
    pingInterval: PING_MILLISECONDS,
    // Commands that are for other products of its maker, and may be refused by an ACL.
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket:
      identity === undefined || endpoint.kind === 'unix'
        ? { ...place, ...limits }
        : { ...place, ...limits, ...identity, tls: true, minVersion: 'TLSv1.2' },
  };
}
