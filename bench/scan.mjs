// How many lines a second the shipped grammars read. Run `npm run build` first.
//   node bench/scan.mjs            a million invented lines of sshd
//   node bench/scan.mjs hostile    lines of 64 KiB that are meant to take long
//   node bench/scan.mjs FILE       the messages of a log, and those that no rule matches
import { readFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { grammars } from '../build/grammars.cjs';
import { load } from './load.mjs';

const { instantiate, memoryBytes, LOG_START, LOG_END } = await load(`
export { instantiate } from './grammar/notation/instance.ts';
export { memoryBytes, LOG_START, LOG_END } from './grammar/notation/memory.ts';`);
const sshd = instantiate(grammars.find(({ service }) => service === 'sshd'));
const LINES = 1_000_000;
const reading = { family: 0, a: 0, b: 0, c: 0, d: 0, userStart: -1, userEnd: -1 };

if (argv[2] === 'hostile') hostile();
else if (argv[2]) recognised(argv[2]);
else measure(madeUp());

/** Messages in the proportions of a host under constant attack. */
function madeUp() {
  let seed = 1;
  const random = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const users = ['root', 'admin', 'oracle', 'test', 'ubuntu', 'pi', 'git', 'postgres', 'x y'];
  const address = () =>
    random(10) === 0
      ? `2001:db8:${random(65536).toString(16)}::${random(65536).toString(16)}`
      : `${1 + random(223)}.${random(256)}.${random(256)}.${random(256)}`;
  const makers = [
    [20, (u, a, p) => `Failed password for ${u} from ${a} port ${p} ssh2`],
    [15, (u, a, p) => `Failed password for invalid user ${u} from ${a} port ${p} ssh2`],
    [12, (u, a, p) => `Invalid user ${u} from ${a} port ${p}`],
    [10, (u, a, p) => `Received disconnect from ${a} port ${p}:11: Bye Bye [preauth]`],
    [8, (u, a, p) => `Disconnected from authenticating user ${u} ${a} port ${p} [preauth]`],
    [8, (u, a, p) => `Connection closed by invalid user ${u} ${a} port ${p} [preauth]`],
    [
      8,
      (u, a) =>
        `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${a}  user=${u}`,
    ],
    [5, () => 'pam_unix(sshd:auth): check pass; user unknown'],
    [
      3,
      (u, a, p) =>
        `error: maximum authentication attempts exceeded for ${u} from ${a} port ${p} ssh2 [preauth]`,
    ],
    [
      3,
      (u, a, p) =>
        `Failed publickey for ${u} from ${a} port ${p} ssh2: RSA SHA256:9dx/JX6nUt1jSqS0lSCy3oJQ2ZcE8mqF0xkYw3eV2b4`,
    ],
    [
      3,
      (u, a, p) =>
        `Accepted publickey for ${u} from ${a} port ${p} ssh2: ED25519 SHA256:9dx/JX6nUt1jSqS0lSCy3oJQ2ZcE8mqF0xkYw3eV2b4`,
    ],
    [2, (u, a, p) => `drop connection #12 from [${a}]:${p} on [198.51.100.1]:22 past MaxStartups`],
    [2, () => 'error: kex_exchange_identification: Connection closed by remote host'],
    [
      1,
      (u, a, p) =>
        `Unable to negotiate with ${a} port ${p}: no matching host key type found. Their offer: ssh-rsa [preauth]`,
    ],
  ];
  const deck = makers.flatMap(([share, make]) => Array.from({ length: share }, () => make));
  const bytes = Buffer.alloc(LINES * 150);
  let length = 0;
  for (let n = 0; n < LINES; n++) {
    const make = deck[random(deck.length)];
    const line = make(users[random(users.length)], address(), 1024 + random(64512));
    length += bytes.latin1Write(`${line}\n`, length);
  }
  return bytes.subarray(0, length);
}

function measure(bytes) {
  const rates = [];
  let matched = 0;
  for (let round = 0; round < 7; round++) {
    matched = 0;
    const started = performance.now();
    for (let start = 0; start < bytes.length; ) {
      const piece = bytes.subarray(start, start + LOG_END - LOG_START);
      const whole = piece.subarray(0, piece.lastIndexOf(10) + 1);
      memoryBytes.set(whole, LOG_START);
      matched += matchedIn(LOG_START, LOG_START + whole.length);
      start += whole.length;
    }
    rates.push(LINES / ((performance.now() - started) / 1e3));
  }
  rates.sort((p, q) => p - q);
  const shown = [rates[3], rates[6]].map((rate) => Math.round(rate).toLocaleString('en'));
  stdout.write(
    `${LINES} lines, ${matched} matched; ${shown[0]} lines/s in the middle, ${shown[1]} at best\n`,
  );
}

/** How many lines of the memory between these offsets are messages. */
function matchedIn(from, end) {
  let matched = 0;
  for (let start = from; start < end; ) {
    const lineEnd = memoryBytes.indexOf(10, start);
    if (sshd.scan(memoryBytes, start, lineEnd, reading) >= 0) matched++;
    start = lineEnd + 1;
  }
  return matched;
}

function hostile() {
  for (const [head, piece] of [
    ['Failed password for', ' from 1.2.3.4 port 1 ssh2'],
    ['Failed publickey for', ' from 1.2.3.4 port 1 ssh2: a b'],
    ['Failed hostbased for', ' from 1.2.3.4 port 1 ssh2: , client user "'],
    ['Disconnecting invalid user', ' 1.2.3.4 port 1: '],
    ['error: PAM: x', ' for root from 1.2.3.4'],
    ['Starting session: ', ' for a from 1.2.3.4 port 1 id 1'],
    ['drop connection #1 from [1.2.3.4]:1 on [', ']:1 '],
    ['drop connection #1 from [1.2.3.4]:1 on [', '['],
    ['in ', '('],
  ]) {
    const line = Buffer.from(head + piece.repeat((65_536 - head.length) / piece.length));
    const times = Array.from({ length: 50 }, () => {
      const started = performance.now();
      sshd.scan(line, 0, line.length, reading);
      return performance.now() - started;
    });
    const first = times[0].toFixed(2);
    const middle = times.toSorted((p, q) => p - q)[25].toFixed(3);
    stdout.write(`${first} ms the first time, ${middle} ms in the middle: ${head}${piece} …\n`);
  }
}

function recognised(file) {
  const counts = new Map();
  let lines = 0;
  let matched = 0;
  for (const line of readFileSync(file, 'latin1').split(/\r?\n/)) {
    const message = / sshd(?:-session|-auth)?\[\d+\]: (.*)$/.exec(line)?.[1];
    if (message === undefined) continue;
    const inner = /^message repeated \d+ times: \[ (.*)\]$/.exec(message)?.[1] ?? message;
    lines++;
    const bytes = Buffer.from(inner, 'latin1');
    if (sshd.scan(bytes, 0, bytes.length, reading) >= 0) matched++;
    else counts.set(inner, (counts.get(inner) ?? 0) + 1);
  }
  stdout.write(`${file}: ${matched} of ${lines} recognised\n`);
  for (const [text, count] of counts) stdout.write(`${String(count).padStart(7)}  ${text}\n`);
}
