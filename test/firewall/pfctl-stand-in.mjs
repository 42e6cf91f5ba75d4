// Does what FreeBSD's pfctl(8) does with tables (pf.conf(5), pfctl_table.c, pfctl_radix.c, pf_ioctl.c and
// pf_table.c), on tables that it keeps in a file of JSON instead of the kernel. OpenBSD's differs only in
// having no maxCount. The file is named by PF_STATE:
//   tables    { name: [addresses] }
//   limit     how many addresses all tables may hold together (set limit table-entries)
//   maxCount  how many one call takes or lists (net.pf.request_maxcount)
//   tooMany   what it writes then, which differs between versions
//   isEnabled whether pf is enabled (pfctl -e)
//   rules     the rules of all anchors, as pfctl prints them
//   fault     what goes wrong in the calls that come: busy, permission, missing, half, hang, garbage
//   calls     what was asked, one array of arguments each; written by this program
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const file = process.env.PF_STATE;
const state = JSON.parse(readFileSync(file, 'utf8'));
const args = process.argv.slice(2);
const NAME_BYTES = 32;
/** pfr_buf_grow: a buffer has room for 64 addresses, and doubles. */
const FIRST_BUFFER = 64;

state.calls.push(args);
process.exitCode = run();
// Whole or not at all: a test reads it meanwhile.
writeFileSync(`${file}.${process.pid}`, JSON.stringify(state));
renameSync(`${file}.${process.pid}`, file);

function run() {
  if (state.fault === 'missing') return fail('pfctl: /dev/pf: No such file or directory', 1);
  if (state.fault === 'permission') return fail('pfctl: /dev/pf: Permission denied', 1);
  if (state.fault === 'hang') {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
  }
  if (args[0] === '-s' && args[1] === 'memory') return showMemory();
  if (args[0] === '-s' && args[1] === 'info') return showInfo();
  if (args.join(' ') === '-a * -s rules') return showRules();
  if (args[0] === '-k' && args.length === 2) return kill(args[1]);
  if (args[0] !== '-t' || args[2] !== '-T') return usage();
  const [, table, , command, ...rest] = args;
  if (Buffer.byteLength(table) >= NAME_BYTES) return usage();
  if (state.fault === 'busy') return fail('pfctl: Device busy.');
  if (command === 'show') return rest.length > 0 ? usage() : show(table);
  if (command === 'flush') return rest.length > 0 ? usage() : flush(table);
  if (command === 'kill') return rest.length > 0 ? usage() : killTable(table);
  if (!['add', 'delete', 'replace'].includes(command)) {
    process.stderr.write(`pfctl: pfctl_table: unknown command '${command}'\n`);
    return 0;
  }
  const addresses = load(rest);
  if (addresses === undefined) return 255;
  // add and replace make a table that is not there; delete does not.
  if (command !== 'delete' && !state.tables[table]) {
    state.tables[table] = [];
    process.stderr.write('1 table created.\n');
  }
  if (!state.tables[table]) return fail('pfctl: Table does not exist.');
  // replace passes its buffer's size as well as the count (DIOCRSETADDRS).
  const size = command === 'replace' ? bufferFor(addresses.length) : addresses.length;
  if (size > state.maxCount) return fail(state.tooMany);
  return { add, delete: remove, replace }[command](table, addresses);
}

function bufferFor(count) {
  let size = FIRST_BUFFER;
  while (size < count) size *= 2;
  return size;
}

function showMemory() {
  process.stdout.write(
    'states        hard limit   100000\nsrc-nodes     hard limit    10000\nfrags         hard limit     5000\n' +
      `table-entries hard limit ${String(state.limit).padStart(8)}\n`,
  );
  return 0;
}

/** print_status in pfctl_parser.c */
function showInfo() {
  const status = `Status: ${state.isEnabled ? 'Enabled' : 'Disabled'} for 0 days 00:01:02`;
  process.stdout.write(`${status.padEnd(44)} Debug: Urgent\n\n`);
  return 0;
}

/** With -a '*' the rules of anchors follow their anchor, in braces and indented. */
function showRules() {
  process.stdout.write(state.rules.map((rule) => `${rule}\n`).join(''));
  return 0;
}

function kill(host) {
  if (parse(host) === undefined) return fail(`pfctl: getaddrinfo: Name does not resolve`, 1);
  process.stderr.write('killed 2 states from 1 sources and 0 destinations\n');
  return 0;
}

function show(table) {
  if (state.fault === 'garbage') {
    process.stdout.write('   1.2.3.4\n   this is no address\n');
    return 0;
  }
  const held = state.tables[table];
  if (!held) return fail('pfctl: Table does not exist.');
  // It asks with a small buffer first, then with one of the size that the kernel named.
  if (held.length > state.maxCount) return fail(state.tooMany);
  // A host has no length; an address that is excepted has a ! before it.
  const lines = held.map((text) => {
    const plain = text.replace(/^!/, '').replace(/^([\d.]+)\/32$|^(.*)\/128$/, '$1$2');
    return `  ${text.startsWith('!') ? '!' : ' '}${plain}\n`;
  });
  process.stdout.write(lines.join(''));
  return 0;
}

function flush(table) {
  if (!state.tables[table]) return fail('pfctl: Table does not exist.');
  process.stderr.write(`${state.tables[table].length} addresses deleted.\n`);
  state.tables[table] = [];
  return 0;
}

function killTable(table) {
  if (!state.tables[table]) return fail('pfctl: Table does not exist.');
  delete state.tables[table];
  process.stderr.write('1 table deleted.\n');
  return 0;
}

function add(table, addresses) {
  const held = new Set(state.tables[table]);
  // An address that is there negated stays so (PFR_FB_CONFLICT).
  const known = new Set([...held].map((address) => address.replace('!', '')));
  let wanted = [...new Set(addresses)].filter((address) => !known.has(address.replace('!', '')));
  if (state.fault === 'half') wanted = wanted.filter((_, index) => index % 2 === 0);
  if (!hasRoom(wanted.length)) return fail('pfctl: Cannot allocate memory.');
  state.tables[table] = inOrder([...held, ...wanted]);
  process.stderr.write(`${wanted.length}/${addresses.length} addresses added.\n`);
  return 0;
}

function remove(table, addresses) {
  const gone = new Set(addresses);
  const left = state.tables[table].filter((address) => !gone.has(address));
  const deleted = state.tables[table].length - left.length;
  state.tables[table] = left;
  process.stderr.write(`${deleted}/${addresses.length} addresses deleted.\n`);
  return 0;
}

function replace(table, addresses) {
  const before = new Set(state.tables[table]);
  const after = new Set(addresses);
  const added = [...after].filter((address) => !before.has(address)).length;
  const deleted = [...before].filter((address) => !after.has(address)).length;
  // What is new is put in before what is old is taken out.
  if (!hasRoom(added)) return fail('pfctl: Cannot allocate memory.');
  state.tables[table] = inOrder([...after]);
  if (added > 0) process.stderr.write(`${added} addresses added.\n`);
  if (deleted > 0) process.stderr.write(`${deleted} addresses deleted.\n`);
  if (added + deleted === 0) process.stderr.write('no changes.\n');
  return 0;
}

function hasRoom(more) {
  const held = Object.values(state.tables).reduce((sum, table) => sum + table.length, 0);
  return held + more <= state.limit;
}

/** Addresses of the command line and of -f, as the table holds them; # begins a comment. */
function load(rest) {
  const at = rest.indexOf('-f');
  const words = at < 0 ? rest : rest.slice(0, at);
  if (at >= 0) {
    const text = readFileSync(rest[at + 1] === '-' ? 0 : rest[at + 1], 'utf8');
    words.push(...text.replaceAll(/#.*/g, '').split(/\s+/));
  }
  const addresses = [];
  for (const word of words.filter((one) => one !== '')) {
    const address = parse(word);
    if (address === undefined) {
      // errno is 0.
      process.stderr.write(
        `no IP address found for ${word}\npfctl: cannot load -: Undefined error: 0\n`,
      );
      return undefined;
    }
    addresses.push(address);
  }
  return addresses;
}

/** Host bits are cleared without a word (set_ipmask). */
function parse(word) {
  const negated = word.startsWith('!') ? '!' : '';
  const [host, lengthText, ...more] = word.slice(negated.length).split('/');
  const bits = bitsOf(host);
  if (bits === undefined || more.length > 0) return undefined;
  const length = lengthText === undefined ? bits.length : Number(lengthText);
  if (!(Number.isInteger(length) && length >= 0 && length <= bits.length)) return undefined;
  return `${negated}${textOf(bits.slice(0, length).padEnd(bits.length, '0'))}/${length}`;
}

function bitsOf(host) {
  if (/^\d+(\.\d+){3}$/.test(host)) {
    const octets = host.split('.').map(Number);
    if (octets.some((octet) => octet > 255)) return undefined;
    return octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  }
  const mixed = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(host);
  if (mixed) {
    const [high, low] = bitsOf(mixed[2])
      .match(/.{16}/g)
      .map((bits) => Number.parseInt(bits, 2).toString(16));
    return bitsOf(`${mixed[1]}${high}:${low}`);
  }
  if (!/^[0-9a-f:]+$/i.test(host) || !host.includes(':')) return undefined;
  const [left, right] = host.split('::').map((half) => half.split(':').filter((g) => g !== ''));
  const groups = right
    ? [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
    : left;
  if (groups.length !== 8) return undefined;
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

/** As inet_ntop(3) writes it: the longest run of zeros as ::, the first of those as long. */
function textOf(bits) {
  if (bits.length === 32) return dotted(bits);
  const groups = bits.match(/.{16}/g).map((group) => Number.parseInt(group, 2).toString(16));
  let gap = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length >= 2 && length > gap.length) gap = { start, length };
  }
  if (gap.length === 0) return groups.join(':');
  // What is left of an IPv4-compatible address is written as one.
  if (gap.start === 0 && gap.length === 6) return `::${dotted(bits.slice(96))}`;
  const left = groups.slice(0, gap.start).join(':');
  return `${left}::${groups.slice(gap.start + gap.length).join(':')}`;
}

function dotted(bits) {
  return bits
    .match(/.{8}/g)
    .map((octet) => Number.parseInt(octet, 2))
    .join('.');
}

/** A walk through the tree gives IPv4 first, each in order. */
function inOrder(addresses) {
  return addresses
    .map((address) => [keyOf(address), address])
    .toSorted(([p], [q]) => (p < q ? -1 : 1))
    .map(([, address]) => address);
}

function keyOf(address) {
  const [host, length] = address.replace('!', '').split('/');
  return `${host.includes(':') ? 6 : 4}${bitsOf(host)}${length.padStart(3, '0')}`;
}

function usage() {
  process.stderr.write(
    'usage: pfctl [-AdeghMmNnOPqRSrvz] [-a anchor] [-D macro=value] [-F modifier]\n\t[-f file] [-i interface] [-K host | network]\n\t[-k host | network | gateway | label | id] [-o level] [-p device]\n\t[-s modifier] [-t table -T command [address ...]] [-x level]\n',
  );
  return 1;
}

function fail(message, exitCode = 255) {
  process.stderr.write(`${message}\n`);
  return exitCode;
}
