// The cost of bringing nftables up to date, and of an interval set:
//   node bench/apply.mjs [RULES]
// Needs root, nft and ip; runs in a network namespace of its own. By turns:
//   apply to an empty firewall      mcblock apply of RULES rules (default: 100,000)
//   apply of a difference of 10     the same after 10 more were added
//   apply where nothing changed     the same again
//   nft -f, interval set            the same rules as one set with flags interval, with nft alone
//   nft -f, 10 more                 10 elements added to that set
//   nft -f, hash sets               the rules as `mcblock emit --format nft` writes them
//   nft -f, 10 more in them         10 elements added to those
// Prints wall time, CPU time and the memory of the largest process, as medians of five rounds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 5;
const CHANGES = 10;

const mcblock = fileURLToPath(new URL('../bin/mcblock.js', import.meta.url));
const rules = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
const namespace = `mcblock-bench-${process.pid}`;
const inside = ['/usr/sbin/ip', 'netns', 'exec', namespace];
const file = (name) => join(folder, name);
const results = new Map();

must('/usr/sbin/ip', 'netns', 'add', namespace);
try {
  writeFileSync(file('nft'), `#!/bin/sh\nexec ${inside.join(' ')} /usr/sbin/nft "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(file('toml'), `[firewall]\nkind = "nft"\nnft = "${file('nft')}"\n`);
  const prefixes = distinctPrefixes(rules + CHANGES);
  writeFileSync(file('list'), prefixes.slice(0, rules).join('\n'));
  writeFileSync(file('more'), prefixes.slice(rules).join('\n'));
  writeFileSync(file('interval'), intervalSet(prefixes.slice(0, rules)));
  writeFileSync(
    file('interval-more'),
    `add element inet plain blocked { ${prefixes.slice(rules).join(', ')} }\n`,
  );
  writeFileSync(
    file('hash-more'),
    `add element inet mcblock ip_24 { ${prefixes
      .slice(rules)
      .map((prefix) => prefix.replace('/24', ''))
      .join(', ')} }\n`,
  );
  for (let round = 0; round < ROUNDS; round++) measure();
} finally {
  must('/usr/sbin/ip', 'netns', 'del', namespace);
  rmSync(folder, { recursive: true });
}
report();

function measure() {
  const own = (...args) => [
    process.execPath,
    mcblock,
    '--db',
    file('db'),
    '--config',
    file('toml'),
    '-q',
    ...args,
  ];
  rmSync(file('db'), { force: true });
  must(file('nft'), 'flush', 'ruleset');
  must(...own('import', file('list')));
  time(`apply of ${rules} rules to an empty firewall`, own('apply'));
  must(...own('import', file('more')));
  time(`apply of a difference of ${CHANGES}`, own('apply'));
  expectElements(rules + CHANGES);
  time('apply where nothing changed', own('apply'));
  must(...own('emit', '--format', 'nft', '--output', file('hash')));
  must(file('nft'), 'flush', 'ruleset');
  time('nft -f, interval set', [file('nft'), '-f', file('interval')]);
  time(`nft -f, ${CHANGES} more in it`, [file('nft'), '-f', file('interval-more')]);
  expectElements(rules + CHANGES);
  must(file('nft'), 'flush', 'ruleset');
  time('nft -f, hash sets', [file('nft'), '-f', file('hash')]);
  must(file('nft'), 'delete', 'element', 'inet', 'mcblock', 'ip_24', `{ ${lastOnes()} }`);
  time(`nft -f, ${CHANGES} more in them`, [file('nft'), '-f', file('hash-more')]);
  expectElements(rules + CHANGES);
}

function lastOnes() {
  return readFileSync(file('more'), 'utf8').replaceAll('/24', '').replaceAll('\n', ', ');
}

function intervalSet(prefixes) {
  return `table inet plain {
 set blocked {
 type ipv4_addr
 flags interval
 elements = { ${prefixes.join(',\n')} }
 }
 chain block {
 type filter hook prerouting priority mangle
 ip saddr @blocked drop
 }
}
`;
}

function time(name, argv) {
  must('/usr/bin/time', '-f', '%e %U %S %M', '-o', file('time'), ...argv);
  const [wall, user, system, kib] = readFileSync(file('time'), 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  const list = results.get(name) ?? [];
  list.push({ wall, cpu: user + system, mib: kib / 1024 });
  results.set(name, list);
}

/** Checks that the firewall holds the rules. */
function expectElements(count) {
  const listed = must(file('nft'), 'list', 'ruleset');
  const found = listed.match(/\b(?!255\.255)\d+\.\d+\.\d+\.0(?=[,/\s])/g)?.length ?? 0;
  if (found !== count) throw new Error(`the firewall holds ${found} of ${count} rules`);
}

function must(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

function report() {
  for (const [name, list] of results) {
    const median = (key) => list.map((one) => one[key]).toSorted((p, q) => p - q)[list.length >> 1];
    console.log(
      `${name.padEnd(44)} ${median('wall').toFixed(2)} s wall  ${median('cpu').toFixed(2)} s cpu  ${median('mib').toFixed(0)} MiB`,
    );
  }
}

/** Distinct /24 that do not coalesce, the same in each run. */
function distinctPrefixes(count) {
  const networks = new Set();
  let state = 1;
  while (networks.size < count) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Even ones only: no two of them form a wider prefix.
    const network = (state >>> 8) & ~1;
    if (network >= 0x010000 && network < 0xe00000) networks.add(network);
  }
  return Array.from(networks, (n) => `${n >>> 16}.${(n >>> 8) & 255}.${n & 255}.0/24`);
}
