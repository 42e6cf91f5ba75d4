// Prepares a clone: installs packages, builds and, with --tests, installs the programs that tests run.
// Does only what is not done yet. Needs nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs that tests run, each with its Debian package. */
const TEST_PROGRAMS = [
  ['/usr/bin/bzip2', 'bzip2'],
  ['/usr/bin/lbzip2', 'lbzip2'],
  ['/usr/bin/xz', 'xz-utils'],
  ['/usr/bin/zstd', 'zstd'],
  ['/usr/bin/openssl', 'openssl'],
  ['/usr/bin/redis-server', 'redis-server'],
  ['/usr/sbin/nft', 'nftables'],
  ['/usr/sbin/ip', 'iproute2'],
  ['/usr/bin/nmap', 'nmap'],
  ['/usr/bin/chromium', 'chromium'],
  ['/usr/bin/shellcheck', 'shellcheck'],
  ['/usr/bin/tcpdump', 'tcpdump'],
  ['/usr/bin/python3', 'python3'],
  ['/usr/bin/mandoc', 'mandoc'],
  ['/usr/bin/zsh', 'zsh'],
  ['/usr/bin/fish', 'fish'],
  ['/usr/bin/mksh', 'mksh'],
  ['/usr/sbin/bird', 'bird2'],
  ['/usr/sbin/bgpd', 'openbgpd'],
  ['/usr/sbin/exabgp', 'exabgp'],
  ['/usr/bin/prometheus-node-exporter', 'prometheus-node-exporter'],
  ['/usr/bin/journalctl', 'systemd'],
  ['/lib/systemd/systemd-journal-remote', 'systemd-journal-remote'],
  // The server itself is in a folder named after its version.
  ['/usr/bin/pg_lsclusters', 'postgresql'],
];

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup({ tests: process.argv.includes('--tests') });
}

export async function setup({ tests }) {
  installPackages();
  if (tests) installTestPrograms();
  const { build } = await import('./build.mjs');
  await build();
}

function installPackages() {
  const stampFile = join(root, 'node_modules', '.mcblock-lock');
  const lock = readFileSync(join(root, 'package-lock.json'));
  // Native modules are built for one major version of Node.
  const stamp = createHash('sha256').update(lock).update(process.versions.modules).digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stderr.write('installing packages (better-sqlite3 may compile for a minute or two)\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  // npm 11 runs only the install scripts that package.json allows; older versions run all.
  const probe = "new (require('better-sqlite3'))(':memory:').close()";
  if (spawnSync(process.execPath, ['-e', probe], { cwd: root }).status !== 0) {
    run('npm', ['rebuild', 'better-sqlite3', '--loglevel=error']);
    run(process.execPath, ['-e', probe]);
  }
  writeFileSync(stampFile, stamp);
}

function installTestPrograms() {
  const missing = TEST_PROGRAMS.filter(([program]) => !existsSync(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`tests are skipped for lack of these packages: ${packages.join(' ')}\n`);
    return;
  }
  process.stderr.write(`installing ${packages.join(' ')} for the tests\n`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // Stdout is for the results of the script that called this.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  process.stderr.write(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
  process.exit(1);
}
