// Measures the store with a million entries: node bench/store.mjs [COUNT] [DIRECTORY]
// Each measurement runs in a process of its own, for cold times and its own peak memory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';

const NOW = 1_773_964_098;
const RUNS = 15;

const measures = {
  /** Fills the store: 4 of 5 entries a random /24, the others of all kinds. */
  fill({ openStore, prefixAround, addressOf }, path, count) {
    const store = openStore(path, { mode: 'write' });
    const random = randomWords(7);
    store.transaction(() => {
      for (let index = 0; index < count; index++) {
        const [address, length] =
          index % 50 === 0
            ? [addressOf(6, 0x20010000 + (random() >>> 16), random(), random(), random()), 64]
            : [addressOf(4, random()), index % 5 > 0 ? 24 : 16 + (random() % 17)];
        store.record({
          entry: {
            prefix: prefixAround(address, length),
            origin: 'grok',
            by: '',
            byAdmin: false,
            note: '',
            activations: 1,
            hits: 30,
            firstSeen: NOW - 9000,
            lastSeen: NOW - 5000,
            activatedAt: NOW - 6000,
            expiresAt: index % 10 === 0 ? NOW - 1 : NOW + 2_592_000,
            hitDays: [20_531],
          },
        });
      }
    });
    store.close();
  },
  'add (open, covering, put, commit, close)'({ openStore, prefixAround, addressOf }, path) {
    const store = openStore(path, { mode: 'write' });
    const prefix = prefixAround(addressOf(4, Math.random() * 2 ** 32), 24);
    store.transaction(() => {
      store.supernets(prefix);
      const entry = {
        prefix,
        origin: 'manual',
        by: '',
        byAdmin: false,
        note: 'bench',
        activations: 1,
        hits: 0,
        firstSeen: NOW,
        lastSeen: NOW,
        activatedAt: NOW,
        expiresAt: NOW + 9,
        hitDays: [],
      };
      store.record({ entry, activations: [entry] });
    });
    store.close();
  },
  'check (open, covering)'({ openStore, hostPrefix, addressOf }, path) {
    const store = openStore(path, { mode: 'read' });
    store.supernets(hostPrefix(addressOf(4, Math.random() * 2 ** 32)));
    store.close();
  },
  counts: ({ openStore }, path) => openStore(path, { mode: 'read' }).counts(NOW).active,
  'active prefixes': ({ openStore }, path) =>
    openStore(path, { mode: 'read' }).activePrefixes(NOW).size,
  'walk of entries'({ openStore }, path) {
    let count = 0;
    for (const entry of openStore(path, { mode: 'read' }).entries()) count += entry.activations;
    return count;
  },
  'export as text'({ openStore }, path) {
    let bytes = 0;
    for (const row of openStore(path, { mode: 'read' }).exportRows()) {
      bytes += JSON.stringify(row).length + 1;
    }
    return bytes;
  },
};

if (process.argv[2] === '--measure') {
  const [name, path, count] = process.argv.slice(3);
  const library = { ...(await import('mcblock/net')), ...(await import('mcblock/store')) };
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = measures[name](library, path, Number(count));
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    JSON.stringify({ milliseconds, cpu: (user + system) / 1000, megabytes, result }),
  );
} else {
  await main(Number(process.argv[2] ?? 1_000_000), process.argv[3] ?? tmpdir());
}

async function main(count, folder) {
  const directory = mkdtempSync(join(folder, 'mcblock-bench-'));
  try {
    await build();
    const path = join(directory, 'mcblock.db');
    for (const name of Object.keys(measures)) {
      const runs = Array.from({ length: /^(add|check)/.test(name) ? RUNS : 1 }, () =>
        measured(name, path, count),
      );
      runs.sort((p, q) => p.milliseconds - q.milliseconds);
      const { milliseconds, cpu, megabytes, result } = runs[runs.length >> 1];
      const times = `${milliseconds.toFixed(1)} ms (best ${runs[0].milliseconds.toFixed(1)}), CPU ${cpu.toFixed(1)} ms`;
      console.log(`${name}: ${times}, peak ${megabytes.toFixed(0)} MB`, result ?? '');
    }
    console.log(`file: ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB for ${count} entries`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function measured(name, path, count) {
  const own = fileURLToPath(import.meta.url);
  const args = [own, '--measure', name, path, String(count)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Unsigned 32-bit words, the same in each run (xorshift). */
function randomWords(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
