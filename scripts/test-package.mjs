// Installs, upgrades, removes and purges the package in a new Debian 13, in namespaces of its own. Needs
// root, debootstrap and a mirror of Debian. Run by "npm run package -- --test".
import { strict as assert } from 'node:assert';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIRROR = 'http://deb.debian.org/debian';
/** What the package needs, and systemd, which is not started. */
const PACKAGES = ['adduser', 'iproute2', 'iputils-ping', 'nftables', 'nodejs', 'systemd'];
const [ATTACKER, FRIEND] = ['198.18.7.1', '198.18.8.1'];
const CONFIG = '/etc/mcblock.toml';
const STORE = '/var/lib/mcblock';
const LOG = '/var/log/auth.log';

/** @param {string} newer a package of a higher version. Throws if anything fails. */
export function testPackage(file, newer) {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-trixie-'));
  try {
    step('making a Debian 13');
    execFileSync(
      'debootstrap',
      ['--variant=minbase', `--include=${PACKAGES.join(',')}`, 'trixie', folder, MIRROR],
      { stdio: ['ignore', 'ignore', 2] },
    );
    // What is mounted and whatever the firewall is told ends with these namespaces.
    execFileSync(
      'unshare',
      ['--mount', '--net', process.execPath, fileURLToPath(import.meta.url), folder, file, newer],
      { stdio: ['ignore', 2, 2] },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ENV = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
};

/** The process whose network namespace is the neighbours'. */
let neighbour;

const [, script, root = '', file = '', newer = ''] = process.argv;
if (script === fileURLToPath(import.meta.url)) await testInside();

async function testInside() {
  execFileSync('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
  for (const each of [file, newer]) copyFileSync(each, join(root, 'root', basename(each)));
  makeNeighbours();
  testInstallation();
  testBlocking();
  await testBoot();
  testUpgrade();
  testRemoval();
  testPurge();
}

function testInstallation() {
  step('install');
  run('dpkg', '-i', `/root/${basename(file)}`);
  assert.match(run('getent', 'passwd', '_mcblock'), /:\/var\/lib\/mcblock:\/usr\/sbin\/nologin$/);
  assert.match(as('nobody', 'mcblock', '--help'), /^Usage: mcblock/);
  for (const path of [
    '/usr/share/man/man8/mcblock.8.gz',
    '/usr/share/man/man5/mcblock.toml.5.gz',
    '/usr/share/bash-completion/completions/mcblock',
    '/usr/share/doc/mcblock/install.md',
  ]) {
    assert.ok(isThere(path), path);
  }
  const units = unitNames();
  assert.equal(units.length, 7);
  run('systemd-analyze', 'verify', '--man=no', ...units.map(unitFile));
  // Nothing is blocked, and nothing is started, before somebody asks for it.
  for (const unit of units.filter((name) => name !== 'mcblock-feeds.service')) {
    assert.equal(chrooted('systemctl', 'is-enabled', unit).stdout.trim(), 'disabled', unit);
  }
  assert.equal(run('nft', 'list', 'ruleset'), '');
  assert.ok(!isThere(CONFIG) && !isThere(STORE));
}

/** By hand, as "mcblock setup" needs a systemd that runs. */
function testBlocking() {
  step('block');
  writeFileSync(join(root, CONFIG), '[firewall]\nkind = "nft"\n');
  writeFileSync(join(root, LOG), attack(ATTACKER));
  for (const address of [ATTACKER, FRIEND]) assert.ok(isAnswered(address), address);
  run('mcblock', 'allow', `${FRIEND}/32`);
  run('mcblock', 'grok', LOG);
  assert.ok(!isAnswered(ATTACKER), 'the attacker is answered');
  assert.ok(isAnswered(FRIEND), 'nobody else is answered');
  run('systemctl', 'enable', 'mcblock-apply', 'mcblock-watch');
}

/** The commands of the units, in the order of their starting. */
async function testBoot() {
  step('boot');
  run('nft', 'flush', 'ruleset');
  assert.ok(isAnswered(ATTACKER));
  // StateDirectory=
  run('chown', '-R', '_mcblock:', STORE);
  const apply = unitCommand('mcblock-apply.service');
  run(...apply);
  assert.ok(!isAnswered(ATTACKER));

  // There is no journal here.
  const watch = unitCommand('mcblock-watch.service').map((word) =>
    word === '--journal' ? LOG : word,
  );
  const child = spawn('chroot', [root, ...watch], { env: ENV, stdio: ['ignore', 'ignore', 2] });
  await until(
    () => chrooted('mcblock', 'show', '192.0.2.7').status === 0 || child.exitCode !== null,
  );
  appendFileSync(join(root, LOG), attack('192.0.2.7'));
  await until(() => run('nft', 'list', 'ruleset').includes('192.0.2.0') || child.exitCode !== null);
  child.kill('SIGTERM');
  await until(() => child.exitCode !== null || child.signalCode !== null);
  assert.equal(child.exitCode, 0, 'mcblock watch');
}

function testUpgrade() {
  step('upgrade');
  const before = run('mcblock', 'show', '--json');
  run('dpkg', '-i', `/root/${basename(newer)}`);
  assert.equal(run('mcblock', 'show', '--json'), before);
  assert.ok(isThere(CONFIG));
  assert.equal(run('systemctl', 'is-enabled', 'mcblock-watch'), 'enabled');
  assert.ok(!isAnswered(ATTACKER));
}

function testRemoval() {
  step('remove');
  run('dpkg', '-r', 'mcblock');
  assert.equal(run('nft', 'list', 'ruleset'), '');
  assert.ok(isAnswered(ATTACKER));
  assert.ok(isThere(CONFIG) && isThere(`${STORE}/mcblock.db`));
  assert.deepEqual(left('/usr', '/etc/systemd'), []);
}

function testPurge() {
  step('purge');
  run('dpkg', '-P', 'mcblock');
  assert.deepEqual(left('/usr', '/etc', '/var/lib'), []);
}

/** Three failed logins. */
function attack(address) {
  const time = new Date().toISOString().slice(0, 19);
  return [1, 2, 3]
    .map((n) => `${time}+00:00 gate sshd[${n}]: Invalid user x${n} from ${address} port 40${n}\n`)
    .join('');
}

/** A network namespace that has the addresses of both neighbours, at the other end of a cable. */
function makeNeighbours() {
  const sleeper = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  sleeper.unref();
  process.on('exit', () => sleeper.pid !== undefined && sleeper.kill('SIGKILL'));
  const inside = (...args) =>
    execFileSync('nsenter', ['-t', String(sleeper.pid), '-n', 'ip', ...args]);
  // The namespace is there once unshare has become sleep.
  while (readFileSync(`/proc/${sleeper.pid}/comm`, 'utf8') !== 'sleep\n');
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', String(sleeper.pid));
  ip('addr', 'add', '203.0.113.1/24', 'dev', 'here');
  ip('link', 'set', 'here', 'up');
  inside('addr', 'add', '203.0.113.2/24', 'dev', 'there');
  inside('link', 'set', 'there', 'up');
  for (const address of [ATTACKER, FRIEND]) {
    inside('addr', 'add', `${address}/32`, 'dev', 'there');
    ip('route', 'add', `${address}/32`, 'via', '203.0.113.2');
  }
  neighbour = sleeper.pid;
}

/** Whether this host answers a packet from the address. */
function isAnswered(address) {
  const ping = ['ping', '-c', '1', '-W', '1', '-I', address, '203.0.113.1'];
  return (
    spawnSync('nsenter', ['-t', String(neighbour), '-n', 'chroot', root, ...ping]).status === 0
  );
}

function ip(...args) {
  execFileSync('ip', args);
}

function unitNames() {
  return run('dpkg', '-L', 'mcblock')
    .split('\n')
    .filter((path) => path.startsWith('/usr/lib/systemd/system/mcblock'))
    .map((path) => basename(path));
}

function unitFile(name) {
  return `/usr/lib/systemd/system/${name}`;
}

/** What a unit starts, with the user and the capabilities that systemd would give it. */
function unitCommand(name) {
  const text = readFileSync(join(root, unitFile(name)), 'utf8');
  const value = (key) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const capabilities = value('AmbientCapabilities')
    .split(' ')
    .map((word) => word.replace('CAP_', '+').toLowerCase())
    .join(',');
  return [
    'setpriv',
    `--reuid=${value('User')}`,
    `--regid=${value('User')}`,
    '--clear-groups',
    '--no-new-privs',
    `--bounding-set=-all,${capabilities}`,
    `--inh-caps=-all,${capabilities}`,
    `--ambient-caps=-all,${capabilities}`,
    ...value('ExecStart').split(' '),
  ];
}

function as(user, ...command) {
  return run('setpriv', `--reuid=${user}`, '--clear-groups', ...command);
}

/** Runs a program in the new Debian. Throws with what it printed if it fails. */
function run(...command) {
  const { status, stdout, stderr } = chrooted(...command);
  assert.equal(status, 0, `${command.join(' ')}: ${stderr}${stdout}`);
  return stdout.trim();
}

function chrooted(...command) {
  return spawnSync('chroot', [root, ...command], { env: ENV, encoding: 'utf8' });
}

function isThere(path) {
  return existsSync(join(root, path));
}

/** What is still there of mcblock below these folders; not dpkg's own notes. */
function left(...folders) {
  return run('find', ...folders, '-name', '*mcblock*', '-not', '-path', '/var/lib/dpkg/*')
    .split('\n')
    .filter(Boolean);
}

async function until(condition) {
  const end = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < end, `not within a minute: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function step(text) {
  process.stderr.write(`${text}\n`);
}
