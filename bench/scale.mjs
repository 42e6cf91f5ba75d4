// What a large fleet needs (docs/scale.md): the processor time of the server, the database, Redis and a
// machine for each thing that they do, with two servers behind a balancer, two databases and two nodes of
// Redis. Processor time depends little on what else the host does. Build first (npm run build).
//   node bench/scale.mjs [ENTRIES [SUBSCRIBERS]]
// Needs PostgreSQL, redis-server, openssl and GNU time.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { load } from './load.mjs';
import { answering, cpuSeconds, freePort, until } from './server.mjs';

const ENTRIES = Number(process.argv[2] ?? 100_000);
const SUBSCRIBERS = Number(process.argv[3] ?? 500);
/** What clients ask for. */
const PAGE = 500;
const PASSWORD = 'bench-8d604831';
const REPORTS = 500;
const MESSAGES = 500;
const MESSAGES_PER_SECOND = 100;

const repository = fileURLToPath(new URL('..', import.meta.url));
process.chdir(repository);
const program = join(repository, 'bin', 'mcblock.js');
const folder = mkdtempSync(join(repository, 'build', 'bench-'));
const cleanups = [async () => rmSync(folder, { recursive: true, force: true })];
try {
  const parts = await load(
    `export * from './test/fleet/postgres-cluster.ts';
export { fillFleet } from './test/support/fill-fleet.ts';
export { openFleetStore } from './src/engine/fleet-store.ts';
export { messageText } from './src/fleet/pubsub/message-text.ts';
export { SigningKey } from './src/fleet/pubsub/signing-key.ts';
export { parseAddress } from './src/net/address-text.ts';
export { parsePrefix } from './src/net/prefix-text.ts';`,
    folder,
  );
  const found = parts.findPostgres();
  if ('missing' in found) throw new Error(found.missing);
  const cluster = await parts.startCluster(found.folder);
  cleanups.push(() => cluster.stop());
  const standby = await cluster.startStandby();
  cleanups.push(() => standby.stop());
  await api(parts, cluster.emptyDatabase(), standby);
  await pubsub(parts);
} finally {
  for (const clean of cleanups.toReversed()) await clean();
}

async function api(parts, db, standby) {
  user(db, 'admin', '--admin');
  const now = Math.floor(Date.now() / 1000);
  const store = await parts.openFleetStore(db);
  await parts.fillFleet(store, ENTRIES, now);
  await store.close();
  const data = join(decodeURIComponent(db.replace(/^.*host=/, '')), 'data', 'base');
  const { stdout } = spawnSync('du', ['-sk', data], { encoding: 'utf8' });
  say('the database', `${(Number.parseInt(stdout, 10) / 1024).toFixed(0)} MiB`);
  const servers = [await serve(db), await serve(db)];
  const balancer = await balance(servers.map(({ port }) => port));
  const ask = clientOf(balancer);
  const cpu = () => ({ server: sum(servers, cpuOf), database: cpuOfPostgres() });
  const each = (before, count) => {
    const after = cpu();
    const cost = (name) => `${(((after[name] - before[name]) * 1000) / count).toFixed(2)} ms`;
    return `${cost('server')} of the server's CPU each, ${cost('database')} of the database's`;
  };
  // Both have checked the password before anything counts.
  await Promise.all(Array.from({ length: 8 }, () => ask('GET', '/v2/entries?limit=1')));

  let before = cpu();
  const first = await copy(ask);
  say('a full copy, page by page, the first time', each(before, first.pages));
  say('pages, and bytes for each change', `${first.pages}, ${(first.bytes / ENTRIES).toFixed(1)}`);
  // The other server has read half of them.
  await copy(ask);
  await copy(ask);
  before = cpu();
  const rounds = [];
  for (let round = 0; round < 5; round++) rounds.push(await copy(ask));
  say(
    'the same again',
    each(
      before,
      sum(rounds, ({ pages }) => pages),
    ),
  );

  before = cpu();
  await inParallel(REPORTS, 16, (number) =>
    ask('POST', '/v2/reports', { reports: [block(number)] }),
  );
  say('a report of one block', each(before, REPORTS));

  const numbers = await Promise.all(servers.map(({ port }) => latestOf(clientOf(port))));
  say('the latest number on either server', numbers.join(', '));
  const reader = await serve(standby.url);
  await until(async () => (await latestOf(clientOf(reader.port))) === numbers[0]);
  say('the latest number on a server of the second database', numbers[0]);
  const { status } = await clientOf(reader.port)('POST', '/v2/reports', { reports: [block(-1)] });
  say('its answer to a report', status);
  await machine(balancer);
}

/** What one machine needs to fetch everything. */
async function machine(port) {
  writeFileSync(inFolder('password'), `${PASSWORD}\n`, { mode: 0o600 });
  const settings = {
    url: `http://127.0.0.1:${port}`,
    user: 'admin',
    'password-file': inFolder('password'),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = "${value}"\n`);
  writeFileSync(inFolder('machine.toml'), `[fleet]\n${lines.join('')}`, { mode: 0o600 });
  const common = [program, '--db', inFolder('machine.db'), '--config', inFolder('machine.toml')];
  for (const argv of [['sync', '--no-apply'], ['sync', '--no-apply'], ['emit']]) {
    const format = ['-f', '%e s, %U s and %S s of CPU, %M KB', process.execPath];
    const stdio = ['ignore', 'ignore', 'pipe'];
    const child = spawn('/usr/bin/time', [...format, ...common, ...argv], { stdio });
    const stderr = String(Buffer.concat(await child.stderr.toArray())).trim();
    say(`a machine's ${argv[0]}`, stderr.split('\n').at(-1));
  }
  const megabytes = (statSync(inFolder('machine.db')).size / 1e6).toFixed(0);
  say('its store', `${megabytes} MB`);
}

function inFolder(name) {
  return join(folder, name);
}

async function pubsub({ messageText, SigningKey, parseAddress, parsePrefix }) {
  const at = Math.floor(Date.now() / 1000);
  const prefix = parsePrefix('5.149.104.0/24');
  const evidence = [{ service: 'sshd', message: 'failed-password', count: 3, rule: '' }];
  const address = parseAddress('5.149.104.9');
  const ban = { prefix, address, expiresAt: at + 2_592_000, origin: 'grok', note: '', evidence };
  const text = messageText(
    { sender: 'gate1.example.net', channel: 'mcblock', number: 1, at, ban },
    new SigningKey(),
  );
  say('a message', `${Buffer.byteLength(text)} bytes`);
  const nodes = [await redis(), await redis()];
  const [owner, other] = nodes;
  await command(owner.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await command(owner.port, 'CLUSTER', 'MEET', '127.0.0.1', String(other.port));
  await until(async () => (await command(other.port, 'CLUSTER', 'INFO')).includes('state:ok'));
  await fanOut('all on one node', nodes, [owner], text);
  await fanOut('half on either node', nodes, nodes, text);
  say(
    'SSUBSCRIBE on the node without the slot',
    await command(other.port, 'SSUBSCRIBE', 'mcblock'),
  );
}

/** Publishes on the first node for subscribers on these. */
async function fanOut(what, nodes, where, text) {
  const received = Array.from({ length: SUBSCRIBERS }, () => 0);
  const sockets = received.map((_, index) =>
    subscriber(where[index % where.length].port, text.length, () => {
      received[index]++;
    }),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'subscribed')));
  const before = nodes.map(cpuOf);
  const publisher = connect(nodes[0].port, '127.0.0.1');
  for (let sent = 0; sent < MESSAGES; sent++) {
    publisher.write(encoded('PUBLISH', 'mcblock', text));
    await pause(1000 / MESSAGES_PER_SECOND);
  }
  await until(() => received.every((count) => count === MESSAGES));
  const deliveries = MESSAGES * SUBSCRIBERS;
  const used = nodes.map((node, index) => cpuOf(node) - before[index]);
  const cost = ((used.reduce((p, q) => p + q) * 1e6) / deliveries).toFixed(2);
  const seconds = used.map((value) => value.toFixed(2)).join(' and ');
  say(
    `${SUBSCRIBERS} subscribers, ${what}`,
    `${seconds} s of the nodes' CPU, ${cost} µs a delivery`,
  );
  for (const socket of [...sockets, publisher]) socket.destroy();
}

function subscriber(port, bytes, onMessage) {
  const socket = connect(port, '127.0.0.1');
  socket.write(encoded('SUBSCRIBE', 'mcblock'));
  let isSubscribed = false;
  let left = 0;
  // Replies have the same length each: the reader need not parse them.
  const length = Buffer.byteLength(encoded('message', 'mcblock', 'x'.repeat(bytes)));
  socket.on('data', (data) => {
    if (!isSubscribed) {
      isSubscribed = true;
      socket.emit('subscribed');
      return;
    }
    left += data.length;
    for (; left >= length; left -= length) onMessage();
  });
  return socket;
}

function encoded(...words) {
  return `*${words.length}\r\n${words.map(bulk).join('')}`;
}

function bulk(word) {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}

async function command(port, ...words) {
  const socket = connect(port, '127.0.0.1');
  socket.write(encoded(...words));
  const [reply] = await once(socket, 'data');
  socket.destroy();
  return String(reply).trim();
}

async function redis() {
  const port = await freePort();
  const options = {
    port,
    'cluster-enabled': 'yes',
    save: '',
    dir: mkdtempSync(join(folder, 'redis-')),
  };
  const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = started('redis-server', argv);
  await until(async () => (await command(port, 'PING').catch(() => '')) === '+PONG');
  return { port, pid: child.pid };
}

async function serve(db) {
  const port = await freePort();
  const config = join(folder, 'serve.toml');
  writeFileSync(config, '[fleet]\nrate = 1000000\n[limits]\nuser-rate = 1000000000\n');
  const argv = [
    '--db',
    db,
    '--config',
    config,
    'serve',
    '--quiet',
    '--listen',
    `127.0.0.1:${port}`,
  ];
  const child = started(process.execPath, [program, ...argv]);
  await answering(`http://127.0.0.1:${port}/`);
  return { port, pid: child.pid };
}

function started(name, argv) {
  const child = spawn(name, argv, { stdio: 'ignore' });
  cleanups.push(async () => {
    // If it failed to start, there is no process to signal.
    if (!child.pid || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  return child;
}

function user(db, ...argv) {
  const input = `${PASSWORD}\n`;
  const all = [program, '--db', db, 'user', 'add', ...argv, '--password-stdin'];
  const { status, stderr } = spawnSync(process.execPath, all, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Connections go to each port in turn. Returns its own. */
async function balance(ports) {
  let next = 0;
  const server = createServer((socket) => {
    const upstream = connect(ports[next++ % ports.length], '127.0.0.1');
    for (const one of [socket, upstream]) one.on('error', () => one.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => server.close());
  return server.address().port;
}

function clientOf(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  cleanups.push(async () => agent.destroy());
  const auth = `admin:${PASSWORD}`;
  const headers = { 'accept-encoding': 'gzip', 'content-type': 'application/json' };
  return async (method, path, body) => {
    const asked = request({ agent, port, host: '127.0.0.1', auth, headers, method, path });
    asked.end(body && JSON.stringify(body));
    const [answer] = await once(asked, 'response');
    const chunks = await answer.toArray();
    const bytes = Buffer.concat(chunks);
    const isPacked = answer.headers['content-encoding'] === 'gzip';
    const text = String(isPacked ? gunzipSync(bytes) : bytes);
    return { status: answer.statusCode, bytes: bytes.length, text };
  };
}

async function copy(ask) {
  let [since, bytes, pages] = [0, 0, 0];
  for (;;) {
    const answer = await ask('GET', `/v2/entries?since=${since}&limit=${PAGE}`);
    const { next, more } = JSON.parse(answer.text);
    since = next;
    bytes += answer.bytes;
    pages++;
    if (!more) return { bytes, pages };
  }
}

async function latestOf(ask) {
  return JSON.parse((await ask('GET', `/v2/entries?since=${ENTRIES}`)).text).latest;
}

function block(number) {
  const prefix = `5.${(number >> 8) & 255}.${number & 255}.0/24`;
  const at = new Date(Date.now() - 1000).toISOString().replace(/\.\d+/, '');
  const address = prefix.replace('.0/24', '.9');
  const evidence = {
    service: 'sshd',
    message: 'failed-password',
    count: 3,
    log: '',
    host: 'gate1',
  };
  return {
    type: 'offence',
    key: `bench-${String(number).padStart(8, '0')}`,
    address,
    prefix,
    at,
    origin: 'grok',
    ...evidence,
  };
}

async function inParallel(count, workers, work) {
  let next = 0;
  const one = async () => {
    while (next < count) {
      const { status, text } = await work(next++);
      if (status !== 200) throw new Error(text);
    }
  };
  await Promise.all(Array.from({ length: workers }, one));
}

function cpuOf({ pid }) {
  return cpuSeconds(pid);
}

/** Of all processes of PostgreSQL. One that has ended no longer counts. */
function cpuOfPostgres() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isPostgres(name));
  return sum(pids, cpuSeconds);
}

function isPostgres(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1') === 'postgres\n';
  } catch {
    return false;
  }
}

function sum(all, of) {
  return all.reduce((total, one) => total + of(one), 0);
}

function say(what, text) {
  console.log(`${what}: ${text}`);
}
