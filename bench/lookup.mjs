// Measures the longest match against a C++ program with a std::unordered_map for each length
// (bench/lookup.cpp, compiled here with g++ -O2): node bench/lookup.mjs [FILE]
// FILE is a list of IPv4 prefixes, plain or .gz, such as a BGP table; without it they are random.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { bundleTypeScript } from '../scripts/bundle-typescript.mjs';

const ADDRESSES = 500_000;
const RUNS = 7;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));
let seed = 1;
try {
  const [, , file] = process.argv;
  const { PrefixList, PrefixMap, readPrefixes, writePrefixes } = await modules();
  const list = file ? readPrefixes(contentOf(file)).list : randomPrefixes(new PrefixList());
  const text = join(folder, 'prefixes.txt');
  writeFileSync(text, [...writePrefixes(list)].join(''));
  const theirs = join(folder, 'lookup');
  execFileSync('g++', ['-O2', '-o', theirs, join(root, 'bench', 'lookup.cpp')]);

  const map = new PrefixMap();
  const prefixes = [...list];
  const started = performance.now();
  for (const prefix of prefixes) map.set(prefix, prefix.length);
  const taken = performance.now() - started;
  console.log(`${map.size} prefixes, set in ${taken.toFixed(0)} ms`);
  measure(
    'addresses from everywhere',
    words(() => random()),
  );
  measure(
    'addresses in the prefixes',
    words(() => inside(prefixes)),
  );

  function measure(name, addresses) {
    const binary = join(folder, 'addresses.bin');
    writeFileSync(binary, addresses);
    let sum = 0;
    const rates = [];
    const theirRates = [];
    // By turns, so that other load affects both.
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      sum = matchAll(map, addresses);
      rates.push((ADDRESSES / (performance.now() - start)) * 1000);
      const [theirSum, theirRate] = execFileSync(theirs, [text, binary], {
        encoding: 'utf8',
      }).split(' ');
      theirRates.push(Number(theirRate));
      if (sum !== Number(theirSum)) throw new Error(`the sums differ: ${sum}, ${theirSum}`);
    }
    const [rate, theirRate] = [median(rates), median(theirRates)];
    const ratio = (rate / theirRate).toFixed(1);
    console.log(`${name}: ${millions(rate)}; unordered_map ${millions(theirRate)}; ${ratio} times`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function matchAll(map, addresses) {
  let sum = 0;
  for (let index = 0; index < addresses.length; index++) {
    sum += map.longestMatch({ family: 4, a: addresses[index], b: 0, c: 0, d: 0 })?.value ?? -1;
  }
  return sum;
}

async function modules() {
  const outfile = join(folder, 'net.mjs');
  const names = ['prefix-list', 'prefix-map', 'prefix-reader', 'prefix-writer'];
  const contents = names.map((name) => `export * from './src/net/${name}.ts';`).join('\n');
  await bundleTypeScript(contents, outfile);
  return import(pathToFileURL(outfile).href);
}

function contentOf(file) {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** As many as in a BGP table, roughly, and half of them /24. */
function randomPrefixes(list) {
  for (let index = 0; index < 200_000; index++) {
    const length = index % 2 ? 24 : 12 + (random() % 13);
    list.runs[4].push((random() & (-1 << (32 - length))) >>> 0, 0, 0, 0, length);
  }
  return list;
}

function median(numbers) {
  return numbers.toSorted((p, q) => p - q)[numbers.length >> 1];
}

function millions(rate) {
  return `${(rate / 1e6).toFixed(1)} million a second`;
}

function words(next) {
  return Uint32Array.from({ length: ADDRESSES }, next);
}

function inside(prefixes) {
  const { a, length } = prefixes[random() % prefixes.length];
  return length === 32 ? a : a + (random() >>> length);
}

/** A 32-bit word; xorshift. */
function random() {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}
