// Writes an auth.log of sshd and other programs to standard output, always the same for the same
// options. All addresses, names and keys are invented.
//
//   node bench/generate-log.mjs [--lines 4000] [--seed 1] [--days 4] [--networks N]
//     [--style freebsd|linux|openbsd]
// Attacks come from N networks; by default, from one for 90 lines.
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    days: { type: 'string', default: '4' },
    networks: { type: 'string' },
    style: { type: 'string', default: 'freebsd' },
  },
});
const STYLES = ['freebsd', 'linux', 'openbsd'];
if (!STYLES.includes(values.style)) throw new Error(`--style is one of ${STYLES.join(', ')}`);
const lineCount = positive('lines');
const days = positive('days');
const random = generator(positive('seed'));

/** When the log was rotated: its last line. */
const END = Date.UTC(2026, 2, 23) / 1000;
const START = END - days * 86_400;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HOST = { freebsd: 'gw', linux: 'bastion', openbsd: 'puffy' }[values.style];
const LISTENER = 'sshd';
const SESSION = values.style === 'openbsd' ? 'sshd-session' : 'sshd';
const USERS = ['root', 'root', 'root', 'operator', 'www', 'nobody', 'postgres'];
const INVALID_USERS = (
  'admin test user ubuntu oracle git pi ftpuser guest support deploy hadoop minecraft debian ' +
  'nagios jenkins es steam dev vagrant ansible zabbix mysql centos ec2-user solana validator'
).split(' ');
const KEX =
  'diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1';
const HONEST = [
  { user: 'alice', address: '73.162.44.18', key: fingerprint() },
  { user: 'bob', address: '81.187.20.91', key: fingerprint() },
  { user: 'carol', address: '2a0e:c41:7:20::1d', key: fingerprint() },
  { user: 'alice', address: '192.168.1.20', key: fingerprint() },
];

/** The lines so far, unsorted. */
const lines = [];
let pid = 812;

const networks = [
  [5, 149, 104],
  [5, 149, 105],
  ...Array.from({ length: values.networks ? positive('networks') : 3 + lineCount / 90 }, network),
];
while (lines.length < lineCount - 2)
  session(START + 1 + Math.floor(random() * (END - START - 400)));
lines.sort((p, q) => p.time - q.time || p.order - q.order);
lines.length = Math.max(lineCount - 2, 0);
write(lines);

function positive(name) {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} is a whole number from 1`);
  return number;
}

function session(at) {
  const kind = random();
  if (kind < 0.62) attack(at, attacker());
  else if (kind < 0.86) probe(at, attacker());
  else if (kind < 0.97) visit(at, pick(HONEST));
  else other(at);
}

/** A connection that guesses passwords. */
function attack(at, address) {
  const sender = newProcess();
  const port = anyPort();
  const invalid = random() < 0.6;
  const user = invalid ? pick(INVALID_USERS) : pick(USERS);
  const tries = random() < 0.85 ? 1 : 2 + Math.floor(random() * 5);
  let time = at;
  if (invalid) say(time, sender, `Invalid user ${user} from ${address} port ${port}`);
  for (let i = 0; i < tries; i++) {
    time += 1 + Math.floor(random() * 3);
    failure(time, sender, invalid, user, address, port);
  }
  const who = `${invalid ? 'invalid' : 'authenticating'} user ${user} ${address} port ${port}`;
  if (tries === 6) {
    const whom = `${invalid ? 'invalid user ' : ''}${user}`;
    say(
      time,
      sender,
      `error: maximum authentication attempts exceeded for ${whom} from ${address} port ${port} ssh2 [preauth]`,
    );
    say(time, sender, `Disconnecting ${who}: Too many authentication failures [preauth]`);
  } else if (random() < 0.5) {
    say(time + 1, sender, `Received disconnect from ${address} port ${port}:11: Bye Bye [preauth]`);
    say(time + 1, sender, `Disconnected from ${who} [preauth]`);
  } else {
    say(time + 1, sender, `Connection closed by ${who} [preauth]`);
  }
}

function failure(time, sender, invalid, user, address, port) {
  const whom = `${invalid ? 'invalid user ' : ''}${user}`;
  if (values.style === 'freebsd' && random() < 0.5) {
    const pamUser = `${invalid ? 'illegal user ' : ''}${user}`;
    say(time, sender, `error: PAM: Authentication error for ${pamUser} from ${address}`);
    say(
      time,
      sender,
      `Failed keyboard-interactive/pam for ${whom} from ${address} port ${port} ssh2`,
    );
    return;
  }
  if (values.style === 'linux') {
    if (invalid) say(time - 1, sender, 'pam_unix(sshd:auth): check pass; user unknown');
    const known = invalid ? '' : `  user=${user}`;
    say(
      time - 1,
      sender,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${address}${known}`,
    );
  }
  say(time, sender, `Failed password for ${whom} from ${address} port ${port} ssh2`);
}

/** A connection that ends before a login. */
function probe(at, address) {
  const sender = newProcess();
  const port = anyPort();
  switch (Math.floor(random() * 6)) {
    case 0:
      say(at, sender, 'error: kex_exchange_identification: Connection closed by remote host');
      say(at, sender, `Connection closed by ${address} port ${port}`);
      break;
    case 1:
      say(
        at,
        sender,
        'error: kex_exchange_identification: client sent invalid protocol identifier "GET / HTTP/1.1"',
      );
      say(at, sender, `banner exchange: Connection from ${address} port ${port}: invalid format`);
      break;
    case 2:
      say(
        at,
        sender,
        `Unable to negotiate with ${address} port ${port}: no matching key exchange method found. Their offer: ${KEX} [preauth]`,
      );
      break;
    case 3:
      say(
        at + 120,
        sender,
        `fatal: Timeout before authentication for ${address} port ${port}`,
        LISTENER,
      );
      break;
    case 4:
      say(at, sender, `Connection reset by ${address} port ${port} [preauth]`);
      break;
    default:
      say(at, sender, `Connection closed by ${address} port ${port} [preauth]`);
  }
}

/** A legitimate login, sometimes after a typing error. */
function visit(at, { user, address, key }) {
  const sender = newProcess();
  const port = anyPort();
  let time = at;
  if (random() < 0.3) {
    failure(time + 1, sender, false, user, address, port);
    time += 4;
    say(
      time,
      sender,
      `Accepted ${values.style === 'freebsd' ? 'keyboard-interactive/pam' : 'password'} for ${user} from ${address} port ${port} ssh2`,
    );
  } else {
    say(
      time,
      sender,
      `Accepted publickey for ${user} from ${address} port ${port} ssh2: ED25519 SHA256:${key}`,
    );
  }
  if (values.style === 'linux')
    say(
      time,
      sender,
      `pam_unix(sshd:session): session opened for user ${user}(uid=1001) by (uid=0)`,
    );
  time += 5 + Math.floor(random() * 200);
  const child = newProcess();
  say(time, child, `Received disconnect from ${address} port ${port}:11: disconnected by user`);
  say(time, child, `Disconnected from user ${user} ${address} port ${port}`);
  if (values.style === 'linux')
    say(time, sender, `pam_unix(sshd:session): session closed for user ${user}`);
}

/** Lines of other programs. */
function other(at) {
  if (values.style === 'linux') {
    const sender = newProcess();
    say(
      at,
      sender,
      'pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)',
      'CRON',
    );
    say(at + 1, sender, 'pam_unix(cron:session): session closed for user root', 'CRON');
  } else if (random() < 0.5) {
    say(at, newProcess(), 'alice to root on /dev/pts/0', 'su');
  } else {
    say(
      at,
      undefined,
      '   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/sbin/service pf reload',
      'sudo',
    );
  }
}

function say(time, sender, message, program = SESSION) {
  lines.push({ time, order: lines.length, program, sender, message });
}

function write(entries) {
  const turned = { program: 'newsyslog', message: 'logfile turned over due to size>1000K' };
  const first = { ...turned, time: START, sender: newProcess() };
  const last = { ...turned, time: END, sender: newProcess() };
  const all = [first, ...entries, last].slice(-lineCount);
  for (let from = 0; from < all.length; from += 10_000) {
    process.stdout.write(
      all
        .slice(from, from + 10_000)
        .map(textOf)
        .join(''),
    );
  }
}

function textOf({ time, program, sender, message }) {
  const tag = sender === undefined ? program : `${program}[${pidOf(sender)}]`;
  return `${stamp(time)} ${HOST} ${tag}: ${message}\n`;
}

function stamp(time) {
  const date = new Date(time * 1000);
  const day = String(date.getUTCDate()).padStart(2);
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
}

/** A few networks are busy, most are rare. */
function attacker() {
  const nth = Math.floor(networks.length * random() ** 2);
  const found = networks[nth];
  if (typeof found === 'string') return `${found}:${hex(1 + (nth % 3))}`;
  return [...found, 2 + ((nth * 37 + Math.floor(random() * 4)) % 250)].join('.');
}

/** A unicast IPv4 /24, or sometimes an IPv6 /64. */
function network() {
  if (random() < 0.1) return `2a0e:${hex(random() * 65_000 + 16)}:${hex(random() * 250 + 1)}:`;
  for (;;) {
    const [a, b, c] = [1, 2, 3].map(() => Math.floor(random() * 256));
    const special =
      a === 0 ||
      a === 10 ||
      a === 100 ||
      a === 127 ||
      a === 169 ||
      a === 172 ||
      a === 192 ||
      a === 198 ||
      a === 203 ||
      a >= 224;
    if (!special) return [a, b, c];
  }
}

function hex(number) {
  return Math.floor(number).toString(16);
}

function anyPort() {
  return 1024 + Math.floor(random() * 64_000);
}

/** A process gets its number with its first line, so that numbers rise with time. */
function newProcess() {
  return { pid: 0 };
}

function pidOf(sender) {
  if (sender.pid === 0) {
    pid += 1 + Math.floor(random() * 7);
    if (pid > 99_990) pid = 300;
    sender.pid = pid;
  }
  return sender.pid;
}

function fingerprint() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return Array.from({ length: 43 }, () => letters[Math.floor(random() * 64)]).join('');
}

function pick(list) {
  return list[Math.floor(random() * list.length)];
}

/** Numbers in [0, 1), the same on every host (a Weyl sequence with the finalizer of MurmurHash3). */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
