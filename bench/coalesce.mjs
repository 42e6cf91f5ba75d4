// Measures coalescing against iprange (the Debian package): node bench/coalesce.mjs [FILE]
// FILE is a list of prefixes, plain or .gz, such as a BGP table. A million random /24 are measured too.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { bundleTypeScript } from '../scripts/bundle-typescript.mjs';

const RUNS = 15;
const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
const program = join(folder, 'coalesce.mjs');
const sink = openSync('/dev/null', 'w');
try {
  await bundle();
  const net = await import(pathToFileURL(program).href);
  const [, , file] = process.argv;
  if (file) compare(net, basename(file), contentOf(file));
  compare(net, '1,000,000 random /24', randomNetworks());
} finally {
  rmSync(folder, { recursive: true });
}

/** The modules under test, and as a program what iprange does with a file. */
async function bundle() {
  await bundleTypeScript(
    `import { readFileSync, writeSync } from 'node:fs';
    import { coalesce } from './src/net/coalesce.ts';
    import { readPrefixes } from './src/net/prefix-reader.ts';
    import { writePrefixes } from './src/net/prefix-writer.ts';
    export { coalesce, readPrefixes, writePrefixes };
    if (import.meta.filename === process.argv[1]) {
      const { list } = readPrefixes(readFileSync(process.argv[2]));
      for (const chunk of writePrefixes(coalesce(list))) writeSync(1, chunk);
    }`,
    program,
  );
}

function contentOf(file) {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

function randomNetworks() {
  let seed = 1;
  const octet = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed >>> 24;
  };
  const lines = Array.from({ length: 1_000_000 }, () => `${octet()}.${octet()}.${octet()}.0/24\n`);
  return Buffer.from(lines.join(''));
}

function compare({ coalesce, readPrefixes, writePrefixes }, name, bytes) {
  const { list } = readPrefixes(bytes);
  const rules = coalesce(list);
  console.log(`\n${name}: ${list.size} prefixes, coalesced ${rules.size}`);
  const file = join(folder, 'prefixes.txt');
  writeFileSync(file, bytes);
  const theirs = readPrefixes(execFileSync('iprange', [file], { maxBuffer: 2 ** 30 })).list;
  const same = Buffer.concat([...writePrefixes(theirs)]).equals(
    Buffer.concat([...writePrefixes(rules)]),
  );
  console.log(same ? '  iprange gives the same' : '  IPRANGE GIVES SOMETHING ELSE');
  report('read, in process', () => readPrefixes(bytes));
  report('coalesce, in process', () => coalesce(list));
  report('write, in process', () => [...writePrefixes(list)]);
  compareProcesses(file);
}

function report(what, run) {
  const times = Array.from({ length: RUNS }, () => timeOf(run));
  const first = times[0].toFixed(1);
  console.log(`  ${what}: median ${median(times).toFixed(1)} ms, the first time ${first} ms`);
}

/** By turns, so that other load affects both. */
function compareProcesses(file) {
  const ours = [];
  const theirs = [];
  const start = [];
  for (let run = 0; run < RUNS; run++) {
    ours.push(timeOf(() => runProgram(process.execPath, [program, file])));
    theirs.push(timeOf(() => runProgram('iprange', [file])));
    start.push(timeOf(() => runProgram(process.execPath, ['-e', '0'])));
  }
  const ratio = (median(theirs) / median(ours)).toFixed(2);
  console.log(
    `  whole process: ${median(ours).toFixed(0)} ms, of which node starts ${median(start).toFixed(0)} ms; ` +
      `iprange ${median(theirs).toFixed(0)} ms, ${ratio} times ours`,
  );
}

function runProgram(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', sink, 'inherit'] });
  if (status !== 0) throw new Error(`${command} failed`);
}

function timeOf(run) {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function median(times) {
  return times.toSorted((p, q) => p - q)[times.length >> 1];
}
