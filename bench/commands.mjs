// Whole commands against alternatives, by turns, as medians and ratios.
//   node bench/commands.mjs start          a cold start of check, show and add against `node -e 0`
//   node bench/commands.mjs grok [LINES] [NETWORKS]
//                                          a log against bzip2 -dc, sshguard's parser and fail2ban
//   node bench/commands.mjs store [SIZE]   add, check and emit with SIZE entries in the store
// Needs bash, GNU time (Debian package time), and bzip2, lbzip2, sshguard and fail2ban for grok.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const mcblock = fileURLToPath(new URL('../bin/mcblock.js', import.meta.url));
const SSHG_PARSER = '/usr/libexec/sshguard/sshg-parser';
const FAIL2BAN = '/usr/bin/fail2ban-regex';
const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
const db = join(folder, 'mcblock.db');

const [, , what = 'start', size, sources] = process.argv;
try {
  if (what === 'start') start();
  else if (what === 'grok') grok(Number(size ?? 1_000_000), sources);
  else if (what === 'store') store(Number(size ?? 1_000_000));
  else throw new Error(`unknown benchmark ${what}: use start, grok or store`);
} finally {
  rmSync(folder, { recursive: true });
}

function start() {
  run(own('add', '5.149.104/24'));
  compare(21, {
    'node -e 0': [process.execPath, '-e', '0'],
    check: own('check', '5.149.104.9'),
    show: own('show'),
    add: own('add', '5.149.104/24'),
  });
}

function grok(lines, networks) {
  const log = join(folder, 'auth.log');
  const generate = fileURLToPath(new URL('generate-log.mjs', import.meta.url));
  const output = openSync(log, 'w');
  const argv = [generate, '--lines', String(lines)];
  if (networks) argv.push('--networks', networks);
  spawnSync(process.execPath, argv, {
    stdio: ['ignore', output, 'inherit'],
  });
  closeSync(output);
  execFileSync('bzip2', ['-k', log]);
  const config = (name) => {
    const file = join(folder, `${name}.toml`);
    writeFileSync(file, `[decompress]\nprogram = "${name}"\n`);
    return file;
  };
  const pipe = `bzip2 -dc ${log}.bz2 | ${SSHG_PARSER}`;
  compare(3, {
    'bzip2 -dc': ['bzip2', '-dc', `${log}.bz2`],
    'lbzip2 -dc': ['lbzip2', '-dc', `${log}.bz2`],
    ...(existsSync(SSHG_PARSER)
      ? {
          'sshg-parser, plain': { command: [SSHG_PARSER], input: log },
          'bzip2 -dc | sshg-parser': ['sh', '-c', pipe],
        }
      : {}),
    'grok --dry-run, plain': dryRun(log),
    'grok --dry-run, bzip2': dryRun(`${log}.bz2`, '--config', config('bzip2')),
    'grok --dry-run, lbzip2': dryRun(`${log}.bz2`, '--config', config('lbzip2')),
    'grok, plain': fresh('grok', '-q', log),
  });
  // Too slow for more than one round.
  const once = {
    'grok --dry-run, built-in': dryRun(`${log}.bz2`, '--config', config('built-in')),
    ...(existsSync(FAIL2BAN)
      ? { 'fail2ban-regex, a tenth': [FAIL2BAN, head(log, lines / 10), 'sshd'] }
      : {}),
  };
  for (const [name, command] of Object.entries(once)) print(name, [run(command)]);
}

function store(entries) {
  const list = join(folder, 'list');
  writeFileSync(list, randomPrefixes(entries));
  print('import', [run(own('import', list))]);
  compare(5, {
    check: own('check', '5.149.104.9'),
    add: own('add', '5.149.104/22'),
    emit: own('emit', '--output', join(folder, 'pf.blocked')),
  });
}

/** A file with the first lines of the log. */
function head(log, lines) {
  const part = `${log}.head`;
  execFileSync('sh', ['-c', 'head -n "$1" "$2" > "$3"', 'head', String(lines), log, part]);
  return part;
}

function dryRun(log, ...options) {
  return fresh(...options, 'grok', '--dry-run', '-q', log);
}

/** On a new store each time. */
function fresh(...args) {
  return { before: () => rmSync(db, { force: true }), command: own(...args) };
}

function own(...args) {
  return [process.execPath, mcblock, '--db', db, ...args];
}

/** Runs the commands by turns, so that other load affects all of them. */
function compare(rounds, commands) {
  const results = Object.keys(commands).map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of Object.values(commands).entries()) {
      const result = run(command);
      // The first round fills the caches.
      if (round > 0) results[index].push(result);
    }
  }
  for (const [index, name] of Object.keys(commands).entries())
    print(name, results[index], results[0]);
}

function run(command) {
  const { before, command: argv, input } = Array.isArray(command) ? { command } : command;
  before?.();
  const report = join(folder, 'time');
  const stdin = input ? openSync(input, 'r') : 'ignore';
  // GNU time reports memory, but time only in steps of 10 ms; bash in steps of 1 ms.
  const timed = ['/usr/bin/time', '-f', '%M', '-o', report, ...argv];
  const { output } = spawnSync('bash', ['-c', 'time "$@" 2>&3', 'bash', ...timed], {
    stdio: [stdin, 'ignore', 'pipe', 'inherit'],
    env: { ...process.env, TIMEFORMAT: '%3R %3U %3S' },
    encoding: 'utf8',
  });
  if (input) closeSync(stdin);
  const [wall, user, system] = output[2].trim().split(' ').map(Number);
  const kib = Number(readFileSync(report, 'utf8').trim().split('\n').at(-1));
  return { wall, cpu: user + system, mib: kib / 1024 };
}

function print(name, results, base = results) {
  const wall = median(results.map((result) => result.wall));
  const cpu = median(results.map((result) => result.cpu));
  const mib = median(results.map((result) => result.mib));
  const baseWall = median(base.map((result) => result.wall));
  const more = Math.round((cpu - median(base.map((result) => result.cpu))) * 1000);
  console.log(
    `${name.padEnd(24)} ${wall.toFixed(3)} s wall (× ${(wall / baseWall).toFixed(2)})  ${cpu.toFixed(3)} s cpu (${more < 0 ? '' : '+'}${more} ms)  ${mib.toFixed(0)} MiB`,
  );
}

function median(numbers) {
  return numbers.toSorted((p, q) => p - q)[Math.floor(numbers.length / 2)];
}

/** Distinct /24 from all of 1.0.0.0 to 223.255.255.255, the same in each run. */
function randomPrefixes(count) {
  const networks = new Set();
  let state = 1;
  while (networks.size < count) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const network = state >>> 8;
    if (network >= 0x010000 && network < 0xe00000) networks.add(network);
  }
  return Array.from(networks, (n) => `${n >>> 16}.${(n >>> 8) & 255}.${n & 255}.0/24\n`).join('');
}
