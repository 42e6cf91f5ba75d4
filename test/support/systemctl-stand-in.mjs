#!/usr/bin/env node
// Does what systemctl(1) says of units, without systemd: finds them and their drop-ins, enables them
// with links, and runs ExecStart as the user and with the capabilities that the unit names
// (systemd.exec(5)). Sandboxing is left out. `systemctl boot` starts what is enabled, in the order of
// boot; the state of units is kept in /run/units.
import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const OWN = '/etc/systemd/system';
const FOLDERS = [
  OWN,
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];
const STATE = '/run/units';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

mkdirSync(STATE, { recursive: true });
const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith('-'));
const [verb, ...units] = words.filter((word) => !word.startsWith('-'));
const VERBS = {
  'daemon-reload': () => {},
  enable: () => units.forEach(enable),
  disable: () => units.forEach(disable),
  start: () => units.forEach(start),
  stop: () => units.forEach(stop),
  restart: () => units.forEach((unit) => (stop(unit), start(unit))),
  'is-active': () => units.forEach(isActiveText),
  show: () =>
    units.forEach((unit, index) => {
      if (index > 0) process.stdout.write('\n');
      show(unit);
    }),
  boot,
};
if (!Object.hasOwn(VERBS, verb)) fail(`Unknown command verb ${verb}.`);
VERBS[verb]();

function enable(unit) {
  if (!existsSync(fileOf(unit))) fail(`Failed to enable unit: Unit file ${unit} does not exist.`);
  for (const link of linksOf(unit)) {
    if (existsSync(link)) continue;
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(fileOf(unit), link);
    process.stderr.write(`Created symlink ${link} → ${fileOf(unit)}.\n`);
  }
  if (options.includes('--now')) start(unit);
}

function disable(unit) {
  if (!existsSync(fileOf(unit))) fail(`Failed to disable unit: Unit file ${unit} does not exist.`);
  if (options.includes('--now')) stop(unit);
  for (const link of linksOf(unit)) {
    if (!isLink(link)) continue;
    rmSync(link);
    process.stderr.write(`Removed "${link}".\n`);
  }
}

function start(unit) {
  if (!existsSync(fileOf(unit))) fail(`Failed to start ${unit}: Unit ${unit} not found.`, 5);
  if (isActive(unit)) return;
  if (unit.endsWith('.timer')) {
    writeFileSync(`${STATE}/${unit}`, 'waiting');
    return;
  }
  const { get, all } = settingsOf(unit);
  const condition = get('Unit.ConditionPathExists');
  if (condition !== undefined && !existsSync(condition)) return;
  const argv = asUser(get, all('Service.ExecStart').at(-1).split(/\s+/));
  const log = openSync(`${STATE}/${unit}.log`, 'a');
  const stdio = ['ignore', log, log];
  const environment = { PATH, LANG: 'C.UTF-8' };
  if (get('Service.Type') === 'oneshot') {
    const { status } = spawnSync(argv[0], argv.slice(1), { stdio, env: environment, cwd: '/' });
    if (status !== 0) {
      fail(`Job for ${unit} failed because the control process exited with error code.`);
    }
    if (get('Service.RemainAfterExit') === 'yes') writeFileSync(`${STATE}/${unit}`, 'exited');
    return;
  }
  const child = spawn(argv[0], argv.slice(1), {
    stdio,
    env: environment,
    cwd: '/',
    detached: true,
  });
  child.unref();
  writeFileSync(`${STATE}/${unit}`, String(child.pid));
}

function stop(unit) {
  if (!existsSync(fileOf(unit))) fail(`Failed to stop ${unit}: Unit ${unit} not loaded.`, 5);
  if (isActive(unit)) {
    const pid = pidOf(unit);
    if (pid > 0) endProcess(pid);
  }
  rmSync(`${STATE}/${unit}`, { force: true });
}

function endProcess(pid) {
  process.kill(pid, 'SIGTERM');
  while (isRunning(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

function isActiveText(unit) {
  process.stdout.write(isActive(unit) ? 'active\n' : 'inactive\n');
  if (!isActive(unit)) process.exitCode = 3;
}

function show(unit) {
  const isThere = existsSync(fileOf(unit));
  const links = isThere ? linksOf(unit) : [];
  const properties = {
    Id: unit,
    LoadState: isThere ? 'loaded' : 'not-found',
    ActiveState: isThere && isActive(unit) ? 'active' : 'inactive',
    UnitFileState: !isThere ? '' : links.every(isLink) ? 'enabled' : 'disabled',
  };
  const wanted = options
    .find((word) => word.startsWith('--property='))
    ?.slice(11)
    .split(',');
  for (const name of wanted ?? Object.keys(properties)) {
    process.stdout.write(`${name}=${properties[name] ?? ''}\n`);
  }
}

/** Nothing runs after a boot; sysinit.target comes before the network and all that serves. */
function boot() {
  rmSync(STATE, { recursive: true, force: true });
  mkdirSync(STATE, { recursive: true });
  for (const target of ['sysinit.target', 'basic.target', 'timers.target', 'multi-user.target']) {
    const folder = `${OWN}/${target}.wants`;
    if (existsSync(folder))
      readdirSync(folder)
        .filter((name) => name.startsWith('mcblock'))
        .forEach(start);
  }
}

function fileOf(unit) {
  const folder = FOLDERS.find((each) => existsSync(join(each, unit))) ?? OWN;
  return join(folder, unit);
}

function linksOf(unit) {
  const targets = settingsOf(unit)
    .all('Install.WantedBy')
    .flatMap((text) => text.split(/\s+/));
  return targets.map((target) => `${OWN}/${target}.wants/${unit}`);
}

/** An empty value clears what was set before. */
function settingsOf(unit) {
  const values = new Map();
  const dropIns = FOLDERS.map((folder) => join(folder, `${unit}.d`))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.conf'));
  for (const file of [fileOf(unit), ...dropIns]) {
    let section = '';
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (key === undefined) continue;
      const name = `${section}.${key}`;
      values.set(name, value === '' ? [] : [...(values.get(name) ?? []), value]);
    }
  }
  const all = (name) => values.get(name) ?? [];
  return { all, get: (name) => all(name).at(-1) };
}

function asUser(get, command) {
  const user = get('Service.User');
  if (user === undefined) return command;
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('/usr/bin/id', [flag, user]).stdout),
  );
  if (!uid) fail(`${user}: no such user`, 217);
  const state = get('Service.StateDirectory');
  if (state !== undefined)
    ownState(`/var/lib/${state}`, uid, gid, get('Service.StateDirectoryMode'));
  const groups = get('Service.SupplementaryGroups');
  const capabilities = (get('Service.AmbientCapabilities') ?? '')
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`);
  const sets = ['-all', ...capabilities].join(',');
  return [
    '/usr/bin/setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups === undefined ? '--clear-groups' : `--groups=${groups}`,
    `--inh-caps=${sets}`,
    `--ambient-caps=${sets}`,
    `--bounding-set=${sets}`,
    '--no-new-privs',
    '--',
    ...command,
  ];
}

/** If the folder has another owner, all in it gets the new one. */
function ownState(folder, uid, gid, mode = '0755') {
  mkdirSync(folder, { recursive: true, mode: Number.parseInt(mode, 8) });
  if (statSync(folder).uid === uid) return;
  for (const name of ['', ...readdirSync(folder)]) chownSync(join(folder, name), uid, gid);
}

function isActive(unit) {
  if (!existsSync(`${STATE}/${unit}`)) return false;
  const pid = pidOf(unit);
  return !(pid > 0) || isRunning(pid);
}

function pidOf(unit) {
  return Number(readFileSync(`${STATE}/${unit}`, 'utf8'));
}

/** Not a process that has ended and that nobody has waited for. */
function isRunning(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function fail(message, exitCode = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
