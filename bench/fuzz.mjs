// Reads lines with hostile words by the shipped grammars, and checks whom they name. Build first.
//   node bench/fuzz.mjs [--lines 1000000] [--seed 1] [--show 20]
//     [--service NAME | --grammar FILE]
// Prints for each service how many lines were read with their true address (or rightly with none), as
// ambiguous, as no message, and wrong, with another address. Exits with 1 if any was wrong.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { grammars as compiled } from '../build/grammars.cjs';
import { load } from './load.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    service: { type: 'string' },
    grammar: { type: 'string' },
    show: { type: 'string', default: '20' },
  },
});
const { Forger, choices, readGrammar, addressText, instantiate, scannerOf } = await load(`
export { Forger, choices } from './test/grammar/forger.ts';
export { addressText } from './test/grammar/reader.ts';
export { readGrammar } from './grammar/notation/read.ts';
export { instantiate } from './grammar/notation/instance.ts';
export { scannerOf } from './grammar/notation/load.ts';`);
const folder = join(root, 'grammar');
const files = values.grammar
  ? [values.grammar]
  : readdirSync(folder)
      .filter((name) => name.endsWith('.grammar'))
      .map((name) => join(folder, name));
const grammars = files.map((file) => readGrammar(readFileSync(file, 'utf8'), file));
const scanners = values.grammar ? grammars.map(scannerOf) : compiled.map(instantiate);
const wanted = grammars.filter(({ service }) => (values.service ?? service) === service);
const forger = new Forger(grammars);
const reading = {
  family: 0,
  a: 0,
  b: 0,
  c: 0,
  d: 0,
  userStart: -1,
  userEnd: -1,
  forwardedStart: -1,
  forwardedEnd: -1,
};
const bytes = Buffer.alloc(65_536);
const linesEach = Math.ceil(Number(values.lines) / wanted.length);
const all = { lines: 0, right: 0, ambiguous: 0, unmatched: 0, wrong: 0 };
const shown = new Map();

row(['service', 'lines', 'right', 'ambiguous', 'unmatched', 'wrong']);
for (const [index, grammar] of wanted.entries()) {
  const counts = fuzz(grammar, choices(Number(values.seed) + index));
  row([grammar.service, ...Object.values(counts)]);
  for (const key of Object.keys(all)) all[key] += counts[key];
}
row(['all', ...Object.values(all)]);
for (const [key, { count, line }] of shown) stdout.write(`\n${count} x ${key}\n  ${line}\n`);
if (all.wrong > 0) process.exitCode = 1;

function fuzz(grammar, choose) {
  const { service, scan, messages } = scanners.find((one) => one.service === grammar.service);
  const counts = { lines: 0, right: 0, ambiguous: 0, unmatched: 0, wrong: 0 };
  for (let n = 0; n < linesEach; n++) {
    const { line, message, address, forwarded } = forger.forge(grammar, choose);
    const found = scan(bytes, 0, bytes.latin1Write(line, 0), reading);
    counts.lines++;
    if (found === -2) counts.ambiguous++;
    else if (found === -1) counts.unmatched++;
    else if (addressText(reading) === address && isRightList(line, forwarded)) counts.right++;
    else if (reading.family === 0) counts.unmatched++;
    else {
      counts.wrong++;
      show(
        `${service}: ${message} as ${messages[found].name}, with ${address || 'no address'}${forwarded === undefined ? '' : ` and ${forwarded}`}`.slice(
          0,
          200,
        ),
        line,
      );
    }
  }
  return counts;
}

/** Whether the list of forwarded addresses that was read, if any, is the one that was written. */
function isRightList(line, forwarded) {
  const { forwardedStart, forwardedEnd } = reading;
  if (forwarded === undefined || forwardedStart < 0) return true;
  return line.slice(forwardedStart, forwardedEnd) === forwarded;
}

/** Keeps the shortest line of each kind. */
function show(key, line) {
  const before = shown.get(key);
  if (!before && shown.size >= Number(values.show)) return;
  const shorter = !before || line.length < before.line.length ? line : before.line;
  shown.set(key, { count: (before?.count ?? 0) + 1, line: shorter });
}

function row([name, ...numbers]) {
  const cells = numbers.map((cell) => cell.toLocaleString('en').padStart(12));
  stdout.write(`${name.padEnd(12)}${cells.join('')}\n`);
}
