// How long a catch-up holds up everything else that `mcblock listen` does: the delay of the event loop
// while the changes of a server (a process of its own, on SQLite) are fetched into an empty store.
// Build first (npm run build).
//   node bench/catch-up.mjs [ENTRIES]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';
import { answering } from './server.mjs';

const ENTRIES = Number(process.argv[2] ?? 100_000);
const PORT = 18_126;
const PASSWORD = 'bench-8d604831';

const repository = fileURLToPath(new URL('..', import.meta.url));
const program = join(repository, 'bin', 'mcblock.js');
const folder = mkdtempSync(join(repository, 'build', 'bench-'));
const file = (name) => join(folder, name);
let server;
try {
  const parts = await load(
    `export { fillFleet } from './test/support/fill-fleet.ts';
export { openFleetStore } from './src/engine/fleet-store.ts';
export { onePolicy } from './src/engine/policies.ts';
export { catchUp } from './src/engine/sync/catch-up.ts';
export { DEFAULT_POLICY } from './src/blocklist/policy.ts';
export { FleetClient } from './src/fleet/client/client.ts';
export { Transport } from './src/fleet/client/transport.ts';
export { openStore } from './src/store/store.ts';`,
    folder,
  );
  spawnSync(
    process.execPath,
    [program, 'user', 'add', 'gate1', '--db', file('fleet.db'), '--password-stdin'],
    { input: `${PASSWORD}\n` },
  );
  const now = Math.floor(Date.now() / 1000);
  const fleet = await parts.openFleetStore(file('fleet.db'));
  await parts.fillFleet(fleet, ENTRIES, now);
  await fleet.close();
  const argv = ['--db', file('fleet.db'), 'serve', '--quiet', '--listen', `127.0.0.1:${PORT}`];
  server = spawn(process.execPath, [program, ...argv], { stdio: 'ignore' });
  await measure(parts, now);
} finally {
  // A child that failed to start has no process to signal.
  if (server?.pid) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ FleetClient, Transport, openStore, catchUp, onePolicy, ...parts }, now) {
  const store = openStore(file('mcblock.db'), { mode: 'write' });
  const url = `http://127.0.0.1:${PORT}`;
  const endpoint = { url, user: 'gate1', password: PASSWORD, ca: undefined, identity: undefined };
  const client = new FleetClient(new Transport(endpoint));
  await answering(url);
  // The server has checked the password before the time counts.
  await client.revision();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedAt = performance.now();
  delay.enable();
  const { lastNumber, blocked } = await catchUp(store, client, {
    policies: onePolicy(parts.DEFAULT_POLICY),
    longestSeconds: 3650 * 86_400,
    maxChanges: 1_000_000,
    now: () => now,
  });
  delay.disable();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  client.close();
  store.close();
  console.log(`${lastNumber} changes, ${blocked} blocked, ${seconds} s`);
  const at = (percent) => (delay.percentile(percent) / 1e6).toFixed(1);
  const longest = (delay.max / 1e6).toFixed(1);
  console.log(`the loop's delay: median ${at(50)} ms, 99 % ${at(99)} ms, longest ${longest} ms`);
}
