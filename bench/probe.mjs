// Floods `mcblock probe` with connections from a network namespace. Needs root, ip(8) and nft(8).
//
//   node bench/probe.mjs [--seconds 60] [--addresses 250] [--processes 4]
//
// Every address connects to one port after the other, all redirected to the probe. Nothing is blocked, so
// that all of it arrives. Prints how many connections the flood made, how many accept(2) returned, how many
// the store has, the memory of both processes of the probe over time, and how much CPU each connection took.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { until } from './server.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    addresses: { type: 'string', default: '250' },
    processes: { type: 'string', default: '4' },
  },
});
const { seconds } = values;
const HOST = '198.18.0.1';
await measure();

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
  const [outside, inside] = ['out', 'in'].map((name) => `mcblock-${process.pid}-${name}`);
  const program = fileURLToPath(new URL('../bin/mcblock.js', import.meta.url));
  const db = join(folder, 'mcblock.db');
  const config = join(folder, 'mcblock.toml');
  writeFileSync(config, '[probe]\nredirect = 7777\n');
  try {
    for (const name of [outside, inside]) run('ip', 'netns', 'add', name);
    run('ip', '-n', outside, 'link', 'add', 'o', 'type', 'veth', 'peer', 'i', 'netns', inside);
    run('ip', '-n', outside, 'addr', 'add', '198.18.0.2/30', 'dev', 'o');
    run('ip', '-n', inside, 'addr', 'add', `${HOST}/30`, 'dev', 'i');
    for (const [name, link] of [
      [outside, 'o'],
      [inside, 'i'],
    ]) {
      run('ip', '-n', name, 'link', 'set', link, 'up');
    }
    run('ip', '-n', outside, 'link', 'set', 'lo', 'up');
    run('ip', '-n', outside, 'route', 'add', 'local', '5.149.0.0/16', 'dev', 'lo');
    run('ip', '-n', inside, 'route', 'add', '5.149.0.0/16', 'via', '198.18.0.2');
    const rules = join(folder, 'rules');
    writeFileSync(
      rules,
      'table inet probe {\n chain c {\n type nat hook prerouting priority dstnat;\n tcp dport 1-65535 redirect to :7777\n }\n}\n',
    );
    run('ip', 'netns', 'exec', inside, 'nft', '-f', rules);
    const probe = spawn(
      'ip',
      `netns exec ${inside} ${process.execPath} ${program} --db ${db} --config ${config} probe --as-root --no-apply`.split(
        ' ',
      ),
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    probe.stderr.on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('probing'), { instead: () => said });
    const flood = fileURLToPath(new URL('probe-flood.pl', import.meta.url));
    const client = spawn(
      'ip',
      ['netns', 'exec', outside, 'perl', flood, HOST, seconds, values.addresses, values.processes],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let flooded = '';
    client.stdout.on('data', (data) => {
      flooded += data;
    });
    const started = performance.now();
    const processes = [probe.pid, ...childrenOf(probe.pid)];
    const cpuBefore = processes.map(cpuSeconds);
    const ended = once(client, 'close').then(() => true);
    while (!(await Promise.race([ended, pause(5000)]))) {
      const memory = processes.map(residentMiB);
      print(`${Math.round((performance.now() - started) / 1000)} s: ${memory.join(' + ')} MiB`);
    }
    const cpu = processes.map(cpuSeconds);
    probe.kill('SIGTERM');
    await once(probe, 'close');
    const shown = run(process.execPath, program, '--db', db, '--json', 'show', '--all');
    const hits = JSON.parse(shown).reduce((sum, entry) => sum + entry.hits, 0);
    const [made, floodCpu] = flooded.split(' ').map(Number);
    print(`flood: ${made} connections, ${Math.round(made / Number(seconds))} a second`);
    const each = [floodCpu, ...cpu.map((total, index) => total - cpuBefore[index])].map(
      (total) => `${Math.round((total / made) * 1e6)} µs`,
    );
    print(`CPU per connection: flood ${each[0]}, mcblock ${each[1]}, perl ${each[2]}`);
    print(said.trim().split('\n').at(-1));
    print(`hits in the store: ${hits}`);
  } finally {
    for (const name of [outside, inside]) spawnSync('ip', ['netns', 'del', name]);
    rmSync(folder, { recursive: true });
  }
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
  );
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ');
  // In ticks of USER_HZ, which is 100 on Linux.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function run(...argv) {
  const [command, ...args] = argv;
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
