import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '..', 'packaging');
const SHELLCHECK = '/usr/bin/shellcheck';
const SYSTEMD_ANALYZE = '/usr/bin/systemd-analyze';

const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => join(file.parentPath, file.name))
  .toSorted();
const units = files.filter((file) => /\.(?:service|timer)$/.test(file));
const scripts = files.filter((file) => !units.includes(file));

function said(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return [status, stdout, stderr];
}

const NOTHING = [0, '', ''];

describe('packaging', () => {
  it.each(scripts)('%s is a valid shell script', (file) => {
    expect(said('/bin/sh', '-n', file)).toEqual(NOTHING);
  });

  it.skipIf(!existsSync(SHELLCHECK)).each(scripts)('%s passes shellcheck', (file) => {
    const shell = file.endsWith('.rc') ? 'ksh' : 'sh';
    // rc.subr is not here, and takes most of what these scripts set.
    expect(said(SHELLCHECK, '-s', shell, '-e', 'SC1091,SC2034', file)).toEqual(NOTHING);
  });

  it.skipIf(!existsSync(SYSTEMD_ANALYZE)).each(units)('%s is a valid systemd unit', (file) => {
    expect(said(SYSTEMD_ANALYZE, 'verify', '--man=no', file)).toEqual(NOTHING);
  });
});
