// Installs, sets up, upgrades, removes and purges the package in a new Debian 13 that systemd starts, in
// namespaces of its own. Needs root, debootstrap and a mirror of Debian. Run by
// "npm run package -- --test".
import { strict as assert } from 'node:assert';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIRROR = 'http://deb.debian.org/debian';
const PACKAGES = ['adduser', 'iputils-ping', 'nftables', 'nodejs', 'systemd'];
const [ATTACKER, FRIEND] = ['198.18.7.1', '198.18.8.1'];
const CONFIG = '/etc/mcblock.toml';
const STORE = '/var/lib/mcblock';
const WATCH = 'mcblock-watch';

/** What systemd finds at its start; see systemd.io/CONTAINER_INTERFACE. */
const BOOT = `
cd "$1"
mount --bind . .
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do
	touch dev/$name
	mount --bind /dev/$name dev/$name
done
ln -s /proc/self/fd dev/fd
mkdir -p dev/pts dev/shm old
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
pivot_root . old
umount -l /old
exec env -i container=test PATH=/usr/sbin:/usr/bin /usr/lib/systemd/systemd
`;

/** @param {string} newer a package of a higher version. Throws if anything fails. */
export function testPackage(file, newer) {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-trixie-'));
  // Others than root must be able to enter it.
  chmodSync(folder, 0o755);
  try {
    step('making a Debian 13');
    execFileSync(
      'debootstrap',
      ['--variant=minbase', `--include=${PACKAGES.join(',')}`, 'trixie', folder, MIRROR],
      { stdio: ['ignore', 'ignore', 2] },
    );
    // What the firewall is told ends with this network.
    execFileSync(
      'unshare',
      ['--net', process.execPath, fileURLToPath(import.meta.url), folder, file, newer],
      { stdio: ['ignore', 2, 2] },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [, script, root = '', file = '', newer = ''] = process.argv;
const cgroup = join(cgroupMount(), `mcblock-test-${process.pid}`);
/** The first process of the new Debian, and one whose network is the neighbours'. */
let init;
let neighbour;

if (script === fileURLToPath(import.meta.url)) {
  try {
    await testInside();
  } finally {
    await shutDown();
    if (neighbour !== undefined) neighbour.kill('SIGKILL');
  }
}

async function testInside() {
  for (const each of [file, newer]) copyFileSync(each, join(root, 'root', basename(each)));
  await makeNeighbours();
  await boot();
  testInstallation();
  await testSetup();
  await testUnits();
  step('boot again');
  await shutDown();
  execFileSync('nft', ['flush', 'ruleset']);
  assert.ok(isAnswered(ATTACKER));
  await boot();
  await until(() => !isAnswered(ATTACKER) && isActive('mcblock-apply') && isActive(WATCH));
  testUpgrade();
  testRemoval();
  step('purge');
  run('dpkg', '-P', 'mcblock');
  assert.deepEqual(left('/usr', '/etc', '/var/lib'), []);
}

function testInstallation() {
  step('install');
  run('dpkg', '-i', `/root/${basename(file)}`);
  assert.match(run('getent', 'passwd', '_mcblock'), /:\/var\/lib\/mcblock:\/usr\/sbin\/nologin$/);
  const help = run('setpriv', '--reuid=nobody', '--clear-groups', 'mcblock', '--help');
  assert.match(help, /^Usage: mcblock/);
  for (const path of [
    '/usr/share/man/man8/mcblock.8.gz',
    '/usr/share/man/man5/mcblock.toml.5.gz',
    '/usr/share/bash-completion/completions/mcblock',
    '/usr/share/doc/mcblock/install.md',
  ]) {
    assert.ok(isThere(path), path);
  }
  const units = run('dpkg', '-L', 'mcblock')
    .split('\n')
    .filter(
      (path) => /\/mcblock[\w-]*\.(?:service|timer)$/.test(path) && path.includes('/system/'),
    );
  assert.equal(units.length, 7);
  run('systemd-analyze', 'verify', '--man=no', ...units);
  // Nothing is blocked, and nothing is started, before somebody asks for it.
  const list = ['list-unit-files', '--state=enabled', '--no-legend', 'mcblock*'];
  assert.equal(inside('systemctl', ...list).stdout, '');
  assert.equal(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }), '');
  assert.ok(!isThere(CONFIG) && !isThere(STORE));
}

async function testSetup() {
  step('setup');
  for (const address of [ATTACKER, FRIEND]) assert.ok(isAnswered(address), address);
  run('mcblock', 'setup', '--yes', '--allow', '198.18.8.0/24');
  await until(() => isActive(WATCH));
  attack(ATTACKER);
  attack(FRIEND);
  await until(() => !isAnswered(ATTACKER));
  assert.ok(isAnswered(FRIEND));
  run('mcblock', 'doctor');
}

async function testUnits() {
  step('units');
  run('systemctl', 'reload', WATCH);
  run('systemctl', 'start', 'mcblock-feeds', 'mcblock-serve');
  await until(() => run('journalctl', '-u', 'mcblock-serve').includes('127.0.0.1:8123'));
  assert.ok(isActive('mcblock-serve') && isActive(WATCH));
  run('systemctl', 'stop', 'mcblock-serve');
}

function testUpgrade() {
  step('upgrade');
  const before = run('mcblock', 'show', '--json');
  run('dpkg', '-i', `/root/${basename(newer)}`);
  assert.equal(run('mcblock', 'show', '--json'), before);
  assert.ok(isThere(CONFIG) && isActive(WATCH) && !isAnswered(ATTACKER));
}

function testRemoval() {
  step('remove');
  run('dpkg', '-r', 'mcblock');
  assert.ok(!isActive(WATCH) && isAnswered(ATTACKER));
  assert.ok(isThere(CONFIG) && isThere(`${STORE}/mcblock.db`));
  assert.deepEqual(left('/usr', '/etc/systemd'), []);
}

/** Three failed logins, by a process that the journal knows as sshd. */
function attack(address) {
  run('ln', '-sf', '/usr/bin/logger', '/root/sshd');
  for (const port of [4001, 4002, 4003]) {
    const message = `Failed password for root from ${address} port ${port} ssh2`;
    run('/root/sshd', '-t', 'sshd', '-p', 'auth.info', message);
  }
}

/** Starts the new Debian, in this network. */
async function boot() {
  mkdirSync(cgroup);
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--cgroup'];
  const enter = 'echo $$ > "$1/cgroup.procs"; shift; exec unshare "$@"';
  const child = spawn(
    'sh',
    ['-ec', enter, 'sh', cgroup, ...namespaces, 'sh', '-ec', BOOT, 'sh', root],
    { stdio: 'ignore' },
  );
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  await until(() => /^\d+ $/.test(readFileSync(children, 'utf8')));
  init = { child, pid: Number(readFileSync(children, 'utf8')) };
  await until(() => readFileSync(`/proc/${init.pid}/comm`, 'utf8') === 'systemd\n');
  await until(() => /^(?:running|degraded)/.test(inside('systemctl', 'is-system-running').stdout));
}

/** As if it had lost power. */
async function shutDown() {
  if (init === undefined) return;
  const { child } = init;
  init = undefined;
  child.kill('SIGKILL');
  await until(() => child.exitCode !== null || child.signalCode !== null);
  await until(() => readFileSync(join(cgroup, 'cgroup.events'), 'utf8').includes('populated 0'));
  removeCgroup(cgroup);
}

function removeCgroup(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
  }
  rmdirSync(folder);
}

function cgroupMount() {
  const line = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((each) => each.includes(' cgroup2 '));
  return line?.split(' ')[1] ?? '';
}

/** Another network that has the addresses of both neighbours, at the other end of a cable. */
async function makeNeighbours() {
  neighbour = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  const there = String(neighbour.pid);
  await until(() => readFileSync(`/proc/${there}/comm`, 'utf8') === 'sleep\n');
  ip('link set lo up');
  ip(`link add here type veth peer name there netns ${there}`);
  ip('addr add 203.0.113.1/24 dev here');
  ip('link set here up');
  ip('addr add 203.0.113.2/24 dev there', there);
  ip('link set there up', there);
  for (const address of [ATTACKER, FRIEND]) {
    ip(`addr add ${address}/32 dev there`, there);
    ip(`route add ${address}/32 via 203.0.113.2`);
  }
}

/** @param {string} process in whose network */
function ip(words, process = 'self') {
  const network = `--net=/proc/${process}/ns/net`;
  execFileSync('nsenter', [network, 'ip', ...words.split(' ')]);
}

/** Whether this host answers a packet from the address. */
function isAnswered(address) {
  const ping = ['ping', '-c', '1', '-W', '1', '-I', address, '203.0.113.1'];
  const network = `--net=/proc/${neighbour.pid}/ns/net`;
  return spawnSync('nsenter', [network, 'chroot', root, ...ping]).status === 0;
}

/** Runs a program in the new Debian. Throws with what it printed if it fails. */
function run(...command) {
  const { status, stdout, stderr } = inside(...command);
  assert.equal(status, 0, `${command.join(' ')}: ${stderr}${stdout}`);
  return stdout.trim();
}

function inside(...command) {
  const namespaces = ['-t', String(init.pid), '-m', '-p', '-u', '-i', '-C'];
  const env = { PATH: '/usr/sbin:/usr/bin', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('/usr/bin/nsenter', [...namespaces, ...command], { env, encoding: 'utf8' });
}

function isActive(unit) {
  return inside('systemctl', 'is-active', unit).stdout === 'active\n';
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
  while (!(await condition())) {
    assert.ok(Date.now() < end, `not within a minute: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function step(text) {
  process.stderr.write(`${text}\n`);
}
