import { McblockError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

/** Where a server listens: a port of a host, or a unix socket. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** This host's certificate and key, and the CA of the server's; all PEM. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/**
 * Parses `redis.example.net:6379`, `[2001:db8::1]:6379` or the absolute path of a unix socket. Throws
 * McblockError('config') for anything else.
 * @param setting begins the message
 */
export function parseEndpoint(text: string, setting: string): Endpoint {
  if (text.startsWith('/') && !text.includes('\0')) return { kind: 'unix', path: text };
  const location = parseHostPort(text);
  if (location !== undefined) return { kind: 'tcp', ...location };
  throw new McblockError(
    'config',
    `${setting} takes HOST:PORT such as redis.example.net:6379 or [::1]:6379, or the path of a unix socket, not ${JSON.stringify(text)}`,
  );
}

/** Parses `HOST:PORT`, with an IPv6 address in brackets; undefined if it is something else. */
export function parseHostPort(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

/** Whether traffic to it stays on this host. */
export function isLocal(endpoint: Endpoint): boolean {
  return endpoint.kind === 'unix' || isLoopback(endpoint.host);
}

/** As in the configuration. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Throws McblockError('config') if traffic would leave this host without mutual TLS. */
export function requireTls(endpoint: Endpoint, identity: Identity | undefined): void {
  if (identity !== undefined || isLocal(endpoint)) return;
  throw new McblockError(
    'config',
    `Redis on another host, ${endpointText(endpoint)}, requires mutual TLS: set pubsub.cert, pubsub.key and pubsub.ca`,
  );
}
