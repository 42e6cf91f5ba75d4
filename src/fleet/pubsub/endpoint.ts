import { McblockError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/** Where a server listens: a port of a host, or a unix socket. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** What proves who we are, and by whom the other side must be proved: all PEM. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/**
 * `redis.example.net:6379`, `[2001:db8::1]:6379` or the absolute path of a unix socket. `what`
 * begins the message of the McblockError('config') that is thrown for anything else.
 */
export function parseEndpoint(text: string, what: string): Endpoint {
  if (text.startsWith('/') && !text.includes('\0')) return { kind: 'unix', path: text };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { kind: 'tcp', host, port };
  throw new McblockError(
    'config',
    `${what} takes HOST:PORT such as redis.example.net:6379 or [::1]:6379, or the path of a unix socket, not ${JSON.stringify(text)}`,
  );
}

/** Whether what goes there stays on this host. */
export function isLocal(endpoint: Endpoint): boolean {
  return endpoint.kind === 'unix' || isLoopback(endpoint.host);
}

/** As it is written in the configuration. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Throws McblockError('config') where messages would leave this host without mutual TLS. */
export function refuseInTheClear(endpoint: Endpoint, identity: Identity | undefined): void {
  if (identity !== undefined || isLocal(endpoint)) return;
  throw new McblockError(
    'config',
    `${endpointText(endpoint)} is another host: pubsub.cert, pubsub.key and pubsub.ca are needed, as Redis is spoken to over mutual TLS alone`,
  );
}
