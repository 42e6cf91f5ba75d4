// Requests per second of `mcblock serve`, on SQLite and on a PostgreSQL of its own, with a plain
// Node client on the same host. Build first (npm run build).
//   --against URL   also another server of version 1, by turns: http://NAME:PASSWORD@HOST:PORT;
//                   its list is replaced
//   --postgres URL  an empty database to use instead, such as one beside that server's
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load } from './load.mjs';
import { answering, cpuSeconds, freePort } from './server.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const program = join(repository, 'bin', 'mcblock.js');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, postgres: { type: 'string' } },
});
const SECONDS = Number(positionals[0] ?? 2);
const ROUNDS = 5;
const CONNECTIONS = 16;
const USER = 'bench';
/** Has limits, which are judged with each report. */
const MACHINE = 'machine';
const PASSWORD = 'bench-password';
const JSON_TYPE = { 'content-type': 'application/json' };

const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
const cleanups = [async () => rmSync(folder, { recursive: true, force: true })];
try {
  const targets = [await startServer('SQLite', join(folder, 'fleet.db'))];
  const url = options.postgres ?? (await ownPostgres());
  if (url !== undefined) targets.push(await startServer('PostgreSQL', url));
  if (options.against !== undefined) targets.push(otherServer(options.against));
  await measure(targets);
} finally {
  for (const clean of cleanups.toReversed()) await clean();
}

/** Every kind of request to each server, by turns. */
async function measure(targets) {
  for (const target of targets) {
    await fresh(target);
    await target.post(1000);
  }
  await rates('GET of 1,000 rows', targets, ({ ask }) => ask('GET', '/v1/pf'));
  await rates('POST of one', targets, ({ post }) => post(1));
  await rates('POST of one by a machine', ours(targets), ({ postAsMachine }) => postAsMachine(1));
  await rates('POST of one, 64 connections', targets, ({ post }) => post(1), 64);
  await rates('POST of one, one connection', targets, ({ post }) => post(1), 1);
  const known = [{ IP: '192.0.2.1', source: 'brutessh' }];
  await rates('POST of one that is known', targets, ({ postList }) => postList(known));

  for (const target of targets) await fresh(target);
  const times = new Map(targets.map((target) => [target, []]));
  for (let list = 0; list < 10; list++) {
    for (const target of targets) {
      const start = performance.now();
      await target.post(10_000);
      times.get(target).push(performance.now() - start);
    }
  }
  for (const target of targets) {
    const all = times.get(target);
    const spread = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
    say(target, 'POST of 10,000', `${median(all).toFixed(0)} ms (${spread})`);
  }

  await rates('GET of 100,000 rows', targets, ({ ask }) => ask('GET', '/v1/pf'));
  const gzip = { 'accept-encoding': 'gzip' };
  await rates('the same with gzip', ours(targets), ({ ask }) =>
    ask('GET', '/v1/pf', { headers: gzip }),
  );
  for (const target of ours(targets)) {
    target.etag = (await target.ask('GET', '/v1/pf')).headers.etag;
    target.latest = await latest(target.ask);
  }
  await rates('the same, not changed', ours(targets), ({ ask, etag }) =>
    ask('GET', '/v1/pf', { headers: { 'if-none-match': etag } }),
  );
  await rates('what changed, nothing', ours(targets), (target) =>
    target.ask('GET', `/v2/entries?since=${target.latest}`),
  );
  for (const target of ours(targets)) {
    const start = performance.now();
    await target.post(1);
    const { bytes } = await target.ask('GET', '/v1/pf');
    const text = `${(performance.now() - start).toFixed(0)} ms, ${bytes} bytes`;
    say(target, 'POST of one and GET of all after it', text);
  }
}

function ours(targets) {
  return targets.filter(({ pid }) => pid !== undefined);
}

function say({ name }, what, text) {
  console.log(`${name}: ${what}: ${text}`);
}

function median(numbers) {
  return numbers.toSorted((p, q) => p - q)[Math.floor(numbers.length / 2)];
}

/** The list is empty except for sample rows. */
async function fresh({ ask }) {
  const { status } = await ask('GET', '/v1/pf-init');
  if (status !== 204) throw new Error(`the answer to pf-init was ${status}`);
}

async function latest(ask) {
  for (let next = 0; ; ) {
    const page = JSON.parse((await ask('GET', `/v2/entries?limit=100000&since=${next}`)).text);
    next = page.next;
    if (!page.more) return next;
  }
}

/** How often each does `work` per second, as medians of several rounds. */
async function rates(what, targets, work, connections = CONNECTIONS) {
  const measured = new Map(targets.map((target) => [target, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      measured.get(target).push(await perSecond(target, work, connections));
    }
  }
  for (const target of targets) {
    const all = measured.get(target);
    const rate = `${median(all.map(({ rate: each }) => each)).toFixed(0)}/s`;
    const cpu = median(all.map(({ cpu: each }) => each));
    const cost = Number.isNaN(cpu) ? '' : `, ${cpu.toFixed(2)} ms of the server's CPU each`;
    say(target, what, `${rate}${cost}`);
  }
}

async function perSecond(target, work, connections) {
  const cpuBefore = cpuOf(target);
  const start = performance.now();
  const until = start + SECONDS * 1000;
  let count = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        const { status } = await work(target);
        if (status >= 300 && status !== 304) throw new Error(`the answer was ${status}`);
        count++;
      }
    }),
  );
  const rate = (count * 1000) / (performance.now() - start);
  return { rate, cpu: ((cpuOf(target) - cpuBefore) * 1000) / count };
}

/** Seconds of CPU that the server has used; NaN for one that was not started here. */
function cpuOf({ pid }) {
  return pid === undefined ? Number.NaN : cpuSeconds(pid);
}

async function startServer(name, db) {
  const port = await freePort();
  const config = join(folder, 'mcblock.toml');
  writeFileSync(config, '[fleet]\nrate = 1000000\n[limits]\nuser-rate = 1000000000\n');
  const common = ['--db', db, '--config', config];
  for (const user of [[USER, '--admin'], [MACHINE]]) {
    const added = spawnSync(
      process.execPath,
      [program, 'user', 'add', ...user, '--password-stdin', ...common],
      { input: `${PASSWORD}\n`, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    if (added.status !== 0) throw new Error('no user could be added');
  }
  const server = spawn(
    process.execPath,
    [program, 'serve', '--quiet', '--listen', `127.0.0.1:${port}`, ...common],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  cleanups.push(async () => {
    // If it failed to start, there is no process to signal.
    if (!server.pid) return;
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'close');
  });
  await answering(`http://127.0.0.1:${port}/`);
  return targetOf(name, `http://${USER}:${PASSWORD}@127.0.0.1:${port}`, server.pid);
}

function otherServer(url) {
  return targetOf(new URL(url).host, url, undefined);
}

function targetOf(name, url, pid) {
  const { hostname, port, username, password } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  cleanups.push(async () => agent.destroy());
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const common = { agent, hostname, port, auth };
  const ask = (method, path, { body, headers } = {}) =>
    send({ ...common, method, path, headers }, body);
  const postList = (list, as = {}) =>
    send(
      { ...common, ...as, method: 'POST', path: '/v1/pf', headers: JSON_TYPE },
      JSON.stringify(list),
    );
  let host = 0;
  const next = () => ({ IP: addressOf(host++), source: 'brutessh' });
  const post = (count) => postList(Array.from({ length: count }, next));
  const postAsMachine = (count) =>
    postList(Array.from({ length: count }, next), { auth: `${MACHINE}:${PASSWORD}` });
  return { name, pid, ask, postList, post, postAsMachine };
}

function send(asked, body) {
  return new Promise((resolve, reject) => {
    const sent = request(asked, (answer) => {
      const chunks = [];
      let bytes = 0;
      answer.on('data', (chunk) => {
        bytes += chunk.length;
        if (asked.path.startsWith('/v2')) chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode, headers: answer.headers, bytes, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Distinct public addresses. */
function addressOf(host) {
  return `${5 + (host >>> 22)}.${(host >>> 14) & 255}.${(host >>> 6) & 255}.${host & 63}`;
}

/** The URL of a database in a PostgreSQL started for this. */
async function ownPostgres() {
  const { findPostgres, startCluster } = await load(
    "export * from './test/fleet/postgres-cluster.ts';",
    folder,
  );
  const found = findPostgres();
  if ('missing' in found) {
    console.log(`PostgreSQL: ${found.missing}`);
    return undefined;
  }
  const cluster = await startCluster(found.folder);
  cleanups.push(() => cluster.stop());
  return cluster.emptyDatabase();
}
