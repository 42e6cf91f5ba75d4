// Builds the package for Debian, with the native module of the Node that runs this:
//   npm run package              build/mcblock_VERSION_ARCHITECTURE.deb
//   npm run package -- --test    and installs, upgrades, removes and purges it in a new Debian 13, and
//                                installs what "npm pack" makes
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildManual } from './build-manual.mjs';
import { setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the program needs, from the repository's root. The library is for npm. */
const PROGRAM = [
  'bin',
  'build/fields.wasm',
  'build/grammars',
  'build/grammars.cjs',
  'dist',
  'grammar/README.md',
  'node_modules/better-sqlite3/build/Release/better_sqlite3.node',
  'package.json',
  'packaging/libexec',
  'packaging/systemd',
];
const LIBRARY = /\/dist\/(?:lib|types)$/;

/** Where each shell looks for completions. */
const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/mcblock',
  zsh: 'usr/share/zsh/vendor-completions/_mcblock',
  fish: 'usr/share/fish/vendor_completions.d/mcblock.fish',
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup({ tests: false });
  await buildManual(join(root, 'build', 'man'));
  const file = buildPackage();
  process.stdout.write(`${file}\n`);
  if (process.argv.includes('--test')) {
    const { testNpmPackage } = await import('./test-npm-package.mjs');
    const { testPackage } = await import('./test-package.mjs');
    testNpmPackage();
    testPackage(file, buildPackage(`${version}+1`));
  }
}

/**
 * Gives the file. The same sources and the same Node make the same bytes.
 * @param {string} packageVersion
 */
export function buildPackage(packageVersion = version) {
  const architecture = output('dpkg', '--print-architecture');
  const file = join(root, 'build', `mcblock_${packageVersion}_${architecture}.deb`);
  const stage = mkdtempSync(join(tmpdir(), 'mcblock-package-'));
  try {
    chmodSync(stage, 0o755);
    const put = (path, content, mode = 0o644) => {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      writeFileSync(join(stage, path), content, { mode });
    };
    putProgram(stage, put);
    putDocuments(stage, put);
    for (const script of ['postinst', 'prerm', 'postrm']) {
      put(`DEBIAN/${script}`, readFileSync(join(root, 'packaging', 'debian', script)), 0o755);
    }
    put('DEBIAN/control', control(packageVersion, architecture, sizeOf(join(stage, 'usr'))));
    // Whatever the umask, and whatever the checkout lets others read.
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', stage]);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, file], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(dateOfSources()) },
    });
    return file;
  } finally {
    rmSync(stage, { recursive: true });
  }
}

function putProgram(stage, put) {
  for (const path of PROGRAM) {
    cpSync(join(root, path), join(stage, 'usr/lib/mcblock', path), {
      recursive: true,
      filter: (source) => !LIBRARY.test(source),
    });
  }
  for (const name of readdirSync(join(root, 'grammar'))) {
    if (!name.endsWith('.grammar')) continue;
    put(`usr/lib/mcblock/grammar/${name}`, readFileSync(join(root, 'grammar', name)));
  }
  // Another Node in the path of whoever runs it could not load the native module.
  const start = readFileSync(join(root, 'bin', 'mcblock.js'), 'utf8');
  put('usr/lib/mcblock/bin/mcblock.js', start.replace('/usr/bin/env node', '/usr/bin/node'), 0o755);
  chmodSync(join(stage, 'usr/lib/mcblock/bin/mcblock.js'), 0o755);
  mkdirSync(join(stage, 'usr/bin'));
  symlinkSync('../lib/mcblock/bin/mcblock.js', join(stage, 'usr/bin/mcblock'));
  for (const unit of readdirSync(join(root, 'packaging', 'systemd'))) {
    put(`usr/lib/systemd/system/${unit}`, readFileSync(join(root, 'packaging', 'systemd', unit)));
  }
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    put(path, `${output(process.execPath, 'bin/mcblock.js', 'completion', shell)}\n`);
  }
}

function putDocuments(stage, put) {
  const pages = join(root, 'build', 'man');
  for (const page of readdirSync(pages)) {
    const folder = `usr/share/man/man${page.at(-1)}`;
    put(`${folder}/${page}.gz`, gzipSync(readFileSync(join(pages, page)), { level: 9 }));
  }
  const folder = 'usr/share/doc/mcblock';
  put(`${folder}/copyright`, readFileSync(join(root, 'LICENSE')));
  put(`${folder}/changelog.gz`, gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }));
  for (const name of readdirSync(join(root, 'docs'))) {
    if (name.endsWith('.md')) put(`${folder}/${name}`, readFileSync(join(root, 'docs', name)));
  }
}

/** Debian's policy manual, chapter 5. */
function control(packageVersion, architecture, sizeBytes) {
  const major = Number(process.versions.node.split('.')[0]);
  const { glibcVersionRuntime } = process.report.getReport().header;
  const depends = [
    `nodejs (>= ${major === 20 ? '20.19' : major})`,
    // A native module is for one major version of Node.
    `nodejs (<< ${major + 1}~)`,
    `libc6 (>= ${glibcVersionRuntime})`,
    'libstdc++6',
    'adduser',
  ];
  return `\
Package: mcblock
Version: ${packageVersion}
Architecture: ${architecture}
Maintainer: the mcblock authors <mcblock@localhost>
Installed-Size: ${Math.ceil(sizeBytes / 1024)}
Depends: ${depends.join(', ')}
Recommends: nftables
Suggests: bzip2, redis-server, xz-utils, zstd
Section: admin
Priority: optional
Description: ${description.charAt(0).toLowerCase()}${description.slice(1)}
 mcblock reads rotated and live logs and the systemd journal, remembers the
 networks that attack this machine, and keeps them out with nftables. Each time
 a network has to be blocked again, the penalty doubles. Bans can be shared by a
 fleet of machines.
`;
}

function sizeOf(folder) {
  return Number(output('du', '--apparent-size', '-sb', folder).split('\t')[0]);
}

/** In seconds: that of the last commit. */
function dateOfSources() {
  return process.env.SOURCE_DATE_EPOCH ?? output('git', 'log', '-1', '--format=%ct');
}

function output(program, ...args) {
  return execFileSync(program, args, { cwd: root, encoding: 'utf8' }).trim();
}
