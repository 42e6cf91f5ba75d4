import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { ProbeStream } from '../../../src/log/probe/probe-stream.ts';
import { freePort } from '../../support/free-port.ts';

const MORE_THAN_A_PIPE_HOLDS = 6000;

let stream: ProbeStream | undefined;
afterEach(() => stream?.end());

function open(options: Partial<ConstructorParameters<typeof ProbeStream>[0]>): ProbeStream {
  stream = new ProbeStream({ ports: [], redirect: 0, sockets: [], user: undefined, ...options });
  return stream;
}

/** A server, whose socket another process may use. */
async function listening(where: string | { port: number; host: string }): Promise<Server> {
  const server = createServer();
  server.listen(where);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Connects, and waits until the connection is closed. */
async function knock(port: number, host = '127.0.0.1'): Promise<void> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  // A reset is an error, which once() would throw.
  await new Promise((resolve) => socket.on('close', resolve));
}

/** All lines that it reports, to its end. */
async function linesOf(from: ProbeStream): Promise<string[]> {
  from.end();
  let text = '';
  for await (const chunk of from.chunks()) text += chunk.toString();
  return text.trim().split('\n');
}

it('reports the address and the port of each connection', async () => {
  const port = await freePort();
  const probe = open({ ports: [port] });
  await probe.listening();
  await knock(port);
  await knock(port, '::1');
  const [first, ...lines] = await linesOf(probe);
  expect(first).toBe('listening');
  expect(lines.slice(0, 2)).toEqual([
    expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1 \\d+ ${port}$`)),
    expect.stringMatching(new RegExp(`^::1 \\d+ ${port}$`)),
  ]);
  expect(lines.slice(2)).toEqual(['accepted 2']);
});

it('accepts while nobody reads what it reports', async () => {
  const port = await freePort();
  const probe = open({ ports: [port] });
  await probe.listening();
  for (let made = 0; made < MORE_THAN_A_PIPE_HOLDS; made += 100) {
    await Promise.all(Array.from({ length: 100 }, () => knock(port)));
  }
  const lines = await linesOf(probe);
  expect(lines.at(-1)).toBe(`accepted ${MORE_THAN_A_PIPE_HOLDS}`);
  expect(lines).toHaveLength(MORE_THAN_A_PIPE_HOLDS + 2);
});

it('takes a socket for both families, where IPv4 addresses are mapped', async () => {
  const server = await listening({ port: 0, host: '::' });
  const probe = open({ sockets: [descriptorOf(server)] });
  await probe.listening();
  const port = portOf(server);
  // From here on only the program accepts from it.
  server.close();
  await knock(port);
  expect((await linesOf(probe))[1]).toMatch(new RegExp(`^::ffff:127\\.0\\.0\\.1 \\d+ ${port}$`));
});

it('opens a port once that is named twice', async () => {
  const port = await freePort();
  const probe = open({ ports: [port, port], redirect: port });
  await probe.listening();
  await knock(port);
  // Where Linux tracks connections, it knows that this one was not redirected.
  expect((await linesOf(probe))[1]).toMatch(new RegExp(`^127\\.0\\.0\\.1 \\d+ (?:0|${port})$`));
});

it('refuses a descriptor that is no TCP socket that listens', async () => {
  const file = openSync('/dev/null', 'r+');
  onTestFinished(() => closeSync(file));
  const local = await listening(join(tmpdir(), `mcblock-test-${process.pid}.sock`));
  const server = await listening({ port: 0, host: '127.0.0.1' });
  const socket = connect(portOf(server), '127.0.0.1');
  await once(socket, 'connect');
  const connected = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
  for (const descriptor of [file, descriptorOf(local), connected]) {
    await expect(open({ sockets: [descriptor] }).listening()).rejects.toThrow(
      'probe: descriptor 3: not a TCP socket that listens',
    );
  }
  socket.destroy();
});

it('names the port that is in use', async () => {
  const port = portOf(await listening({ port: 0, host: '0.0.0.0' }));
  await expect(open({ ports: [port] }).listening()).rejects.toThrow(
    `probe: port ${port}: Address already in use`,
  );
});

it.skipIf(process.geteuid?.() !== 0)('accepts as the user, in no group of root', async () => {
  const [uid, gid] = [65_534, 65_534];
  const port = await freePort();
  const probe = open({ ports: [port], user: { uid, gid } });
  await probe.listening();
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1');
  const statuses = children
    .trim()
    .split(' ')
    .map((pid) => readFileSync(`/proc/${pid}/status`, 'latin1'))
    .filter((status) => status.startsWith('Name:\tperl'));
  expect(statuses).toHaveLength(1);
  for (const name of ['Uid', 'Gid']) {
    expect(statuses[0]).toMatch(new RegExp(`^${name}:(\\s65534){4}$`, 'm'));
  }
  expect(statuses[0]).toMatch(/^Groups:\s65534\s*$/m);
});
