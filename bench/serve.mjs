// Requests per second of `mcblock serve`, on SQLite and on a PostgreSQL of its own, with a plain
// Node client on the same machine. Build first (npm run build).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));
const program = join(repository, 'bin', 'mcblock.js');
const SECONDS = Number(process.argv[2] ?? 4);
const CONNECTIONS = 16;
const PORT = 18_123;
const USER = { name: 'bench', password: 'bench-password' };
let serverPid = 0;
const JSON_TYPE = { 'content-type': 'application/json' };

const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
try {
  await measure('SQLite', join(folder, 'fleet.db'));
  const { findPostgres, startCluster } = await loadCluster();
  const found = findPostgres();
  if ('missing' in found) console.log(`PostgreSQL: ${found.missing}`);
  else {
    const cluster = await startCluster(found.folder);
    try {
      await measure('PostgreSQL', cluster.emptyDatabase());
    } finally {
      await cluster.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(name, db) {
  const server = await startServer(db);
  const say = (what, text) => console.log(`${name}: ${what}: ${text}`);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const ask = (method, path, { body, headers } = {}) => send(agent, method, path, body, headers);
  try {
    await ask('GET', '/v1/pf');
    let host = 0;
    const items = (count) =>
      Array.from({ length: count }, () => ({ IP: addressOf(host++), source: 'brutessh' }));
    const post = (list) =>
      ask('POST', '/v1/pf', { body: JSON.stringify(list), headers: JSON_TYPE });

    await post(items(1000));
    say('GET of 1,000 rows', await perSecond(() => ask('GET', '/v1/pf')));
    const one = () => post(items(1));
    say('POST of one', await perSecond(one));
    say('POST of one, one connection', await perSecond(one, 1));
    const hot = [{ IP: '192.0.2.1', source: 'brutessh' }];
    say('POST of one that is known', await perSecond(() => post(hot)));

    // All the rows so far are expired, and 100,000 come.
    await ask('GET', '/v1/pf-init');
    const times = [];
    for (let list = 0; list < 10; list++) {
      const body = items(10_000);
      const start = performance.now();
      await post(body);
      times.push(performance.now() - start);
    }
    times.sort((p, q) => p - q);
    say(
      'POST of 10,000',
      `${times[5].toFixed(0)} ms (${times[0].toFixed(0)} to ${times[9].toFixed(0)})`,
    );
    const full = await ask('GET', '/v1/pf');
    say('GET of 100,000 rows', await perSecond(() => ask('GET', '/v1/pf')));
    const gzip = { 'accept-encoding': 'gzip' };
    say('the same with gzip', await perSecond(() => ask('GET', '/v1/pf', { headers: gzip })));
    const known = { 'if-none-match': full.headers.etag };
    say('the same, not changed', await perSecond(() => ask('GET', '/v1/pf', { headers: known })));
    const { next } = JSON.parse((await ask('GET', '/v2/entries?limit=1')).text);
    const last = await latest(ask, next);
    say('what changed, nothing', await perSecond(() => ask('GET', `/v2/entries?since=${last}`)));
    const start = performance.now();
    await one();
    const first = await ask('GET', '/v1/pf');
    say(
      'POST of one and GET of all after it',
      `${(performance.now() - start).toFixed(0)} ms, ${first.bytes} bytes`,
    );
  } finally {
    agent.destroy();
    server.kill('SIGTERM');
    await once(server, 'close');
  }
}

async function latest(ask, since) {
  for (let next = since; ; ) {
    const page = JSON.parse((await ask('GET', `/v2/entries?limit=100000&since=${next}`)).text);
    next = page.next;
    if (!page.more) return next;
  }
}

/** How often a second `work` is done, on so many connections at once. */
async function perSecond(work, connections = CONNECTIONS) {
  const cpuBefore = serverSeconds();
  const until = performance.now() + SECONDS * 1000;
  const start = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        const { status } = await work();
        if (status >= 300 && status !== 304) throw new Error(`the answer was ${status}`);
        count++;
      }
    }),
  );
  const rate = `${((count * 1000) / (performance.now() - start)).toFixed(0)}/s`;
  const cpu = ((serverSeconds() - cpuBefore) * 1000) / count;
  return Number.isNaN(cpu) ? rate : `${rate}, ${cpu.toFixed(2)} ms of the server's CPU each`;
}

/** Seconds of CPU that the server has used (proc(5): utime and stime, in hundredths). */
function serverSeconds() {
  try {
    const fields = readFileSync(`/proc/${serverPid}/stat`, 'latin1').split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return Number.NaN;
  }
}

function send(agent, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const auth = `${USER.name}:${USER.password}`;
    const sent = request(
      { agent, port: PORT, host: '127.0.0.1', method, path, auth, headers },
      (answer) => {
        const chunks = [];
        let bytes = 0;
        answer.on('data', (chunk) => {
          bytes += chunk.length;
          if (path.startsWith('/v2')) chunks.push(chunk);
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode, headers: answer.headers, bytes, text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function startServer(db) {
  const config = join(folder, 'mcblock.toml');
  writeFileSync(config, '[fleet]\nrate = 1000000\n');
  const common = ['--db', db, '--config', config];
  const added = spawnSync(
    process.execPath,
    [program, 'user', 'add', USER.name, '--admin', '--password-stdin', ...common],
    {
      input: `${USER.password}\n`,
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  if (added.status !== 0) throw new Error('no user could be added');
  const server = spawn(
    process.execPath,
    [program, 'serve', '--quiet', '--listen', `127.0.0.1:${PORT}`, ...common],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  serverPid = server.pid;
  for (let tries = 0; tries < 100; tries++) {
    try {
      if ((await fetch(`http://127.0.0.1:${PORT}/`)).ok) return server;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('the server does not answer');
}

/** Public addresses, no two the same. */
function addressOf(host) {
  return `${5 + (host >>> 22)}.${(host >>> 14) & 255}.${(host >>> 6) & 255}.${host & 63}`;
}

async function loadCluster() {
  const outfile = join(folder, 'cluster.mjs');
  await build({
    entryPoints: [join(repository, 'test', 'fleet', 'postgres-cluster.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}
