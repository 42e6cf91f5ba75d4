// Runs scripts of package.json on another version of Node, in a copy of the sources with packages of
// its own: build/node-VERSION.
//   npm run test:node -- 26                   all tests
//   npm run test:node -- 26 test:unit demo    these scripts, one after the other
// The npm registry has Node as a package for each platform, with the headers for native modules.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Kept from one run to the next in the copy; not copied from here. */
const MADE = new Set(['.git', 'build', 'coverage', 'dist', 'node_modules']);

const [version = '', ...scripts] = process.argv.slice(2);
if (!/^\d+(?:\.\d+){0,2}$/.test(version)) {
  process.stderr.write('usage: npm run test:node -- VERSION [SCRIPT...]\n');
  process.exit(2);
}
const folder = join(root, 'build', `node-${version}`);
const node = installNode();
const checkout = copySources();
const programs = copyProgram();
process.on('exit', () => rmSync(programs, { recursive: true, force: true }));
for (const script of scripts.length === 0 ? ['test'] : scripts) {
  run('npm', ['run', script], { cwd: checkout, env: environment() });
}

/** Gives the folder that holds bin/node and include/. It is not above the checkout: npm would find it first. */
function installNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(folder, 'node');
  mkdirSync(prefix, { recursive: true });
  run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', `${name}@${version}`]);
  return join(prefix, 'node_modules', name);
}

function copySources() {
  const copy = join(folder, 'checkout');
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(copy)) {
    if (!MADE.has(name)) rmSync(join(copy, name), { recursive: true });
  }
  for (const name of readdirSync(root)) {
    if (!MADE.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  return copy;
}

/** Gives a folder with node that every user may read: tests run it as nobody, the checkout may be root's alone. */
function copyProgram() {
  const copy = mkdtempSync(join(tmpdir(), 'mcblock-node-'));
  chmodSync(copy, 0o755);
  cpSync(join(node, 'bin', 'node'), join(copy, 'node'));
  return copy;
}

function environment() {
  const path = [programs, process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, npm_config_nodedir: node };
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status === 0) return;
  process.stderr.write(`${command} ${args.join(' ')} failed on Node ${version}\n`);
  process.exit(1);
}
