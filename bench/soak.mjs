// An hour's messages in minutes, to see whether memory stays flat:
//   node bench/soak.mjs [MESSAGES] [SECONDS]
// A redis-server of its own (mutual TLS), the fleet's API and `mcblock listen` with a page that looks
// at it; every tenth of the time Redis is killed and started again, or stopped for six seconds. Of
// 100 messages 40 are signed bans, 20 plain addresses, and the others are duplicates, forged,
// replayed, unsigned, too wide, too long or for a command. Build first (npm run build).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';
import { answering } from './server.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const mcblock = join(repository, 'bin', 'mcblock.js');
const MESSAGES = Number(process.argv[2] ?? 240_000);
const SECONDS = Number(process.argv[3] ?? 300);
const PARTS = 10;
const TICK_MILLISECONDS = 100;
const FREEZE_MILLISECONDS = 6000;
/** Attackers come back: how many /24 are reported again and again. */
const NETWORKS = 4000;
const HOST = '127.0.0.1';
const SENDER = 'gate1';
const [API_PORT, STATUS_PORT] = [18_124, 18_125];

const folder = mkdtempSync(join(tmpdir(), 'mcblock-soak-'));
const file = (name) => join(folder, name);
const children = [];
/** Redis is away; what is sent meanwhile is lost. */
let isAway = false;
let redis;
try {
  const parts = await loadParts();
  redis = await parts.RedisServer.start();
  const key = new parts.SigningKey();
  const daemon = await startDaemon(key, new parts.SigningKey());
  const page = lookAt('/events');
  await soak(daemon, page, parts, key);
} finally {
  // A child that failed to start has no process to signal.
  for (const child of children) if (child.pid) child.kill('SIGKILL');
  await redis?.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function soak(daemon, page, parts, key) {
  const crowd = makeCrowd(parts, key);
  const memory = [];
  const told = new Set();
  let sent = 0;
  let lost = 0;
  const startedAt = Date.now();
  const sampler = setInterval(() => memory.push(kilobytes(daemon.pid)), 1000);
  console.log('  time   messages   RSS of each second, MiB: least, median, most');
  for (let part = 0; part < PARTS; part++) {
    const from = memory.length;
    const until = startedAt + ((part + 1) * SECONDS * 1000) / PARTS;
    const trouble = part === 0 ? undefined : makeTrouble(part);
    while (Date.now() < until) {
      if (daemon.isGone) throw new Error('the daemon has ended');
      const due = Math.min(
        MESSAGES,
        Math.ceil((MESSAGES * (Date.now() - startedAt)) / (SECONDS * 1000)),
      );
      const batch = crowd(due - sent);
      sent += batch.length;
      if (isAway) lost += batch.length;
      else
        for (const { channel, texts, networks } of byChannel(batch)) {
          await redis.flood(channel, texts);
          for (const network of networks) told.add(network);
        }
      await pause(TICK_MILLISECONDS);
    }
    await trouble;
    const samples = memory.slice(from).toSorted((p, q) => p - q);
    const shown = [samples[0], samples[samples.length >> 1], samples.at(-1)];
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(
      `${String(seconds).padStart(4)} s  ${sent.toLocaleString('en').padStart(9)}   ${shown.map((kilo) => (kilo / 1024).toFixed(1).padStart(6)).join(' ')}`,
    );
  }
  clearInterval(sampler);
  await settled();
  const status = await json('/status.json');
  const received = Object.values(status.channels).reduce((sum, one) => sum + one.received, 0);
  console.log(`sent ${sent}, of them ${lost} while Redis was away; received ${received}`);
  console.log(`connections: ${status.connections}, bytes of events for the page: ${page.bytes}`);
  console.log(`refused: ${JSON.stringify(status.refused)}; logged ${daemon.lines} lines`);
  for (const [name, { accepted }] of Object.entries(status.channels)) {
    console.log(`${name}: ${accepted} carried out`);
  }
  compare(told);
}

/** What must be in the firewall. A message in transit when Redis died may be lost. */
function compare(told) {
  const table = readFileSync(file('table'), 'utf8').trim().split('\n');
  const held = new Set(spawnList(['show', '--json']));
  const missing = [...told].filter((network) => !held.has(network));
  console.log(
    `networks told of ${told.size}, entries ${held.size}, rules ${table.length}, missing ${missing.length}`,
  );
}

function spawnList(argv) {
  const { stdout } = spawnSync(process.execPath, [mcblock, '--db', file('store.db'), ...argv], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout).map(({ prefix }) => prefix);
}

async function makeTrouble(part) {
  isAway = true;
  if (part % 3 === 0) {
    redis.freeze();
    await pause(FREEZE_MILLISECONDS);
    redis.thaw();
  } else {
    await redis.kill();
    await pause(500);
    await redis.start();
  }
  for (;;) {
    const { state } = await json('/status.json');
    if (state === 'connected' && redis.subscribers('mcblock') === 1) break;
    await pause(50);
  }
  isAway = false;
}

async function settled() {
  for (let calm = 0; calm < 5; ) {
    const { queue } = await json('/status.json');
    calm = queue.blocks === 0 && queue.commands === 0 ? calm + 1 : 0;
    await pause(300);
  }
}

/** The senders; yields their messages. */
function makeCrowd({ SigningKey, messageText, parsePrefix, parseAddress }, key) {
  const strange = new SigningKey();
  const old = [];
  let number = 0;
  let count = 0;
  return (wanted) => Array.from({ length: Math.max(0, wanted) }, () => one(count++));

  function one(index) {
    const kind = index % 100;
    // A stride that is coprime to the number of networks.
    const slot = (index * 1237) % NETWORKS;
    const network = `5.${slot >> 7}.${(slot & 127) * 2}.0/24`;
    const address = network.replace('0/24', String(1 + (index % 200)));
    if (kind < 40) {
      const text = message(network, address, key);
      old[index % 1000] = text;
      return { channel: 'mcblock', text, network };
    }
    if (kind < 60) return { channel: 'block', text: address };
    if (kind < 80) return { channel: 'mcblock', text: old[(index * 7) % 40] };
    if (kind < 88) return { channel: 'mcblock', text: message(network, address, strange) };
    if (kind < 92) return { channel: 'mcblock', text: message(network, address) };
    if (kind < 94) return { channel: 'mcblock', text: message('0.0.0.0/1', undefined, key) };
    if (kind < 96) return { channel: 'block', text: 'x'.repeat(10_000) };
    if (kind < 99) return { channel: 'mcblock', text: '{"format":"mcblock/1","sender":["' };
    return { channel: 'ping', text: address };
  }

  function message(prefix, address, by) {
    const at = Math.floor(Date.now() / 1000);
    const ban = {
      prefix: parsePrefix(prefix),
      address: address === undefined ? undefined : parseAddress(address),
      expiresAt: at + 86_400,
      origin: 'grok',
      evidence: [{ service: 'sshd', message: 'failed-login', count: 3, rule: '' }],
      note: '',
    };
    return messageText({ ban, sender: SENDER, channel: 'mcblock', number: ++number, at }, by);
  }
}

function byChannel(batch) {
  return ['mcblock', 'block', 'ping']
    .map((channel) => {
      const those = batch.filter((one) => one.channel === channel);
      const networks = those.map(({ network }) => network).filter((network) => network);
      return { channel, texts: those.map(({ text }) => text), networks };
    })
    .filter(({ texts }) => texts.length > 0);
}

/** @param key of the other machines, which share a user */
async function startDaemon({ publicKey }, ownKey) {
  const password = await startApi();
  writeFileSync(file('password'), password, { mode: 0o600 });
  writeFileSync(file('signing.key'), ownKey.pem, { mode: 0o600 });
  spawnSync(
    process.execPath,
    [mcblock, 'user', 'add', SENDER, '--db', file('fleet.db'), '--password-stdin'],
    { input: 'soak-8d604831\n' },
  );
  await fetch(`http://${HOST}:${API_PORT}/v2/key`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${btoa(`${SENDER}:soak-8d604831`)}`,
    },
    body: JSON.stringify({ key: publicKey }),
  });
  const { cert, key, ca } = redis.files;
  writeFileSync(
    file('mcblock.toml'),
    `pubsub = { address = "${HOST}:${redis.port}", cert = "${cert}", key = "${key}", ca = "${ca}", signing-key = "${file('signing.key')}" }
fleet = { url = "http://${HOST}:${API_PORT}", user = "soak", password-file = "${file('password')}" }
listen.status = "${HOST}:${STATUS_PORT}"
firewall = { kind = "file", file = "${file('table')}" }
[listen.channels]
block = { block = true, plain = true }
mcblock = "block"
ping = { command = ["/bin/echo"], carries = "address", plain = true }
`,
  );
  const asRoot = process.getuid?.() === 0 ? ['--as-root'] : [];
  const args = ['--config', file('mcblock.toml'), '--db', file('store.db'), 'listen', ...asRoot];
  const child = start(args, ['ignore', 'ignore', 'pipe']);
  const daemon = { pid: child.pid, lines: 0, isGone: false };
  child.stderr.on('data', (bytes) => {
    for (const byte of bytes) if (byte === 0x0a) daemon.lines++;
  });
  child.on('exit', () => {
    daemon.isGone = true;
  });
  await answering(`http://${HOST}:${STATUS_PORT}/healthz`);
  while ((await json('/status.json')).state !== 'connected') await pause(50);
  return daemon;
}

/** Returns the password of the first user. */
async function startApi() {
  const listen = ['--listen', `${HOST}:${API_PORT}`, '--first-user', 'soak', '--quiet'];
  const child = start(
    ['--db', file('fleet.db'), 'serve', ...listen],
    ['ignore', 'pipe', 'inherit'],
  );
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += bytes;
  });
  await answering(`http://${HOST}:${API_PORT}/`);
  return /password: (\S+)/.exec(said)?.[1] ?? '';
}

function start(args, stdio) {
  const child = spawn(process.execPath, [mcblock, ...args], { stdio });
  children.push(child);
  return child;
}

async function json(path) {
  return (await fetch(`http://${HOST}:${STATUS_PORT}${path}`)).json();
}

/** Reads the page as a browser does. */
function lookAt(path) {
  const page = { bytes: 0 };
  get({ host: HOST, port: STATUS_PORT, path }, (answer) => {
    answer.on('data', (bytes) => {
      page.bytes += bytes.length;
      if (bytes.includes('event: changed')) void json('/page.json').catch(() => {});
    });
    answer.on('error', () => {});
  }).on('error', () => {});
  return page;
}

function kilobytes(pid) {
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

function loadParts() {
  return load(
    `export { RedisServer } from './test/fleet/pubsub/redis-server.ts';
export { SigningKey } from './src/fleet/pubsub/signing-key.ts';
export { messageText } from './src/fleet/pubsub/message-text.ts';
export { parsePrefix } from './src/net/prefix-text.ts';
export { parseAddress } from './src/net/address-text.ts';`,
    folder,
  );
}
