import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Prefix } from '../net/prefix.ts';
import { isAmong, peerNetwork } from './peer.ts';

/** Connections of one source that wait for a request, or for the rest of one. */
const MAX_WAITING = 100;

interface Connection {
  readonly socket: Socket;
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
}

/**
 * Closes the oldest connections that wait where there are too many: of a source that has too many of
 * them, and of the source that has most connections where there are too many in all. Whoever connects is
 * let in.
 * @param proxies whose connections are those of many
 */
export function limitConnections(
  server: Server,
  most: number,
  proxies: readonly Prefix[] = [],
): void {
  const sources = new Map<string, Set<Connection>>();
  // A connection by TLS has two sockets, which have the peer's port in common.
  const byPort = new Map<string, Connection>();
  server.on('connection', (socket: Socket) => {
    const connection = { socket, request: undefined, response: undefined };
    const { remoteAddress = '' } = socket;
    const source = peerNetwork(remoteAddress);
    const port = portOf(socket);
    const ofSource = sources.get(source) ?? new Set();
    sources.set(source, ofSource.add(connection));
    byPort.set(port, connection);
    socket.on('close', () => {
      ofSource.delete(connection);
      if (ofSource.size === 0) sources.delete(source);
      if (byPort.get(port) === connection) byPort.delete(port);
    });
    if (ofSource.size > MAX_WAITING && !isAmong(proxies, remoteAddress)) {
      const waiting = Array.from(ofSource).filter(isWaiting);
      if (waiting.length > MAX_WAITING) waiting[0]?.socket.destroy();
    }
    if (byPort.size > most) closeOne(sources, socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = byPort.get(portOf(request.socket));
    if (connection !== undefined) Object.assign(connection, { request, response });
  });
}

/** Closes one of the source with the most connections; if none of them waits, the new one. */
function closeOne(sources: ReadonlyMap<string, ReadonlySet<Connection>>, latest: Socket): void {
  const [largest = new Set<Connection>()] = Array.from(sources.values()).toSorted(
    (one, other) => other.size - one.size,
  );
  const oldest = Array.from(largest).find(isWaiting);
  (oldest?.socket ?? latest).destroy();
}

/** No whole request has arrived since the last answer. */
function isWaiting({ request, response }: Connection): boolean {
  return request === undefined || !request.complete || response?.writableFinished === true;
}

function portOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
