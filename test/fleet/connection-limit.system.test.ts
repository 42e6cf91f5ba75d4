import { once } from 'node:events';
import { Agent, createServer, get, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limitConnections } from '../../src/fleet/connection-limit.ts';
import { until } from '../support/until.ts';

const MOST = 10;
const agent = new Agent({ keepAlive: true });
let server: Server;
let sockets: Socket[] = [];
/** The answers that the server still owes. */
let held: (() => void)[] = [];

async function start(most: number): Promise<void> {
  server = createServer((request, answer) => {
    if (request.url === '/held') held.push(() => answer.end());
    else answer.end();
  });
  limitConnections(server, most);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

afterEach(async () => {
  agent.destroy();
  for (const socket of sockets) socket.destroy();
  sockets = [];
  held = [];
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

/** A connection from this address of the host, over which these bytes came. */
async function connection(from: string, text = ''): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const arrived = once(server, 'connection');
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  socket.on('error', () => {});
  sockets.push(socket);
  await arrived;
  if (text !== '') socket.write(text);
  return socket;
}

const closed = (all: readonly Socket[]) => all.map((socket) => socket.closed || socket.destroyed);
const status = (from: string) =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, localAddress: from, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    }).on('error', reject);
  });

describe('the limit of connections', () => {
  it('closes the oldest that waits, of the source that has most', async () => {
    await start(MOST);
    const busy = await connection('127.0.0.2', 'GET /held HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => held.length === 1);
    const many: Socket[] = [];
    for (let number = 0; number < MOST - 3; number++)
      many.push(await connection('127.0.0.2', 'GET'));
    const few = [await connection('127.0.0.3'), await connection('127.0.0.4')];
    expect(await status('127.0.0.5')).toBe(200);
    await until(() => many[0]?.closed === true);
    expect(closed(many.slice(1))).not.toContain(true);
    expect(closed([busy, ...few])).toEqual([false, false, false]);
    held[0]?.();
    const [answer] = await once(busy, 'data');
    expect(String(answer)).toContain('200 OK');
  });

  it('closes connections that idle, but none with a request that is not answered', async () => {
    await start(MOST);
    expect(await status('127.0.0.2')).toBe(200);
    for (let number = 0; number < MOST; number++) {
      await connection('127.0.0.2', 'POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    }
    await until(() => held.length === MOST);
    expect(closed(sockets)).not.toContain(true);
    // All are busy: the new one is closed.
    const more = await connection('127.0.0.2');
    await until(() => more.closed);
    expect(closed(sockets.slice(0, MOST))).not.toContain(true);
  });

  it('closes the oldest half-sent request of a source that has a hundred', async () => {
    await start(1000);
    const half: Socket[] = [];
    const body = 'POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx';
    for (let number = 0; number < 110; number++) {
      half.push(await connection('127.0.0.2', number % 2 === 0 ? body : 'GET / HTTP/1.1\r\nHo'));
    }
    const other = await connection('127.0.0.3', 'GET');
    await until(() => closed(half).filter(Boolean).length >= 10, { seconds: 20 });
    expect(closed(half)).toEqual(half.map((_, number) => number < 10));
    expect(other.closed).toBe(false);
  });
});
