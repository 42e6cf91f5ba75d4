import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'packaging');
const SHELLCHECK = '/usr/bin/shellcheck';
const SYSTEMD_ANALYZE = '/usr/bin/systemd-analyze';

const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => relative(FOLDER, join(file.parentPath, file.name)))
  .toSorted();
const units = files.filter((file) => /\.(?:service|timer|socket)$/.test(file));
const scripts = files.filter((file) => text(file).startsWith('#!'));

function text(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

function outcome(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: FOLDER, encoding: 'utf8' });
  return [status, stdout, stderr];
}

const NOTHING = [0, '', ''];

describe('packaging', () => {
  it.each(scripts)('%s is a valid shell script', (file) => {
    expect(outcome('/bin/sh', '-n', file)).toEqual(NOTHING);
  });

  it.skipIf(!existsSync(SHELLCHECK)).each(scripts)('%s passes shellcheck', (file) => {
    const shell = file.endsWith('.rc') ? 'ksh' : 'sh';
    // rc.subr is not here, and takes most of what these scripts set.
    expect(outcome(SHELLCHECK, '-s', shell, '-e', 'SC1091,SC2034', file)).toEqual(NOTHING);
  });

  it.skipIf(!existsSync(SYSTEMD_ANALYZE)).each(units)('%s is a valid systemd unit', (file) => {
    expect(outcome(SYSTEMD_ANALYZE, 'verify', '--man=no', file)).toEqual(NOTHING);
  });
});

describe.each([
  ['freebsd', 'pkg-plist', 'files', '.in', 'share/man'],
  ['openbsd', 'pkg/PLIST', 'pkg', '.rc', 'man'],
])('the port of %s', (system, list, folder, suffix, manual) => {
  const makefile = text(`${system}/Makefile`);
  const listed = text(`${system}/${list}`);

  it('has the version of the program', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    expect(makefile).toMatch(new RegExp(`^(?:DISTVERSION=|V =)\\s+${version}$`, 'm'));
    const database = packages['node_modules/better-sqlite3'].version;
    expect(makefile).toMatch(new RegExp(`^SQLITE_V(?:ERSION)? ?=\\s+${database}$`, 'm'));
  });

  it('has all rc.d scripts', () => {
    const names = readdirSync(join(FOLDER, system, folder))
      .filter((name) => name.startsWith('mcblock_') && name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length));
    expect(names).toHaveLength(5);
    // FreeBSD's infrastructure lists what USE_RC_SUBR names.
    const place = system === 'freebsd' ? makefile : listed;
    expect(names.filter((name) => !place.includes(name))).toEqual([]);
  });

  it('has all scripts and manual pages', () => {
    const paths = [
      ...readdirSync(join(FOLDER, 'libexec')).map((name) => `libexec/${name}`),
      ...readdirSync(join(ROOT, 'docs', 'man')).map(
        (name) => `${manual}/man${name.at(-1)}/${name}`,
      ),
    ];
    expect(paths.filter((path) => !listed.includes(path))).toEqual([]);
  });

  it('installs only files that the package has', () => {
    const { files: packed } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly files: readonly string[];
    };
    const installed = makefile.matchAll(/\$\{WRKSRC\}\/((?:build|packaging)\/\S+)/g);
    for (const [, path = ''] of installed) {
      expect(
        packed.filter((each) => path.startsWith(each)),
        path,
      ).not.toEqual([]);
    }
  });
});
