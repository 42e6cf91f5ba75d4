import {
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestRotation, oldestFirst, rotationsOf } from '../../../src/log/follow/rotation.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, time: number): string {
  const file = join(folder, name);
  writeFileSync(file, name);
  utimesSync(file, time, time);
  return file;
}

describe('the newest rotation', () => {
  type Put = readonly [string, number];
  it.each<readonly [string, Put, Put]>([
    ['newsyslog, not compressed yet', ['auth.log.0', 300], ['auth.log.1.bz2', 200]],
    ['newsyslog', ['auth.log.0.bz2', 300], ['auth.log.1.bz2', 200]],
    ['newsyslog -t', ['auth.log.20260102T000000.bz2', 300], ['auth.log.20260101T000000.bz2', 200]],
    ['logrotate', ['auth.log.1', 300], ['auth.log.2.gz', 200]],
    ['logrotate with dateext', ['auth.log-20260102', 300], ['auth.log-20260101.gz', 200]],
    ['zstd and xz', ['auth.log.0.zst', 300], ['auth.log.1.xz', 200]],
    ['ten and two, written to at once', ['auth.log.2.gz', 200], ['auth.log.10.gz', 200]],
    ['dates, written to at once', ['auth.log-20260102.gz', 200], ['auth.log-20260101.gz', 200]],
    ['a number that does not tell', ['auth.log.7', 300], ['auth.log.0', 200]],
    ['dateformat -%Y-%m-%d', ['auth.log-2026-01-02', 200], ['auth.log-2026-01-01.gz', 200]],
    ['dateformat .%Y%m%d-%H%M', ['auth.log.20260101-1230', 200], ['auth.log.20260101-0030', 200]],
    ['dateformat -%s', ['auth.log-1767312000', 200], ['auth.log-1767225600.gz', 200]],
    ['dateformat _%Y%m', ['auth.log_202602', 200], ['auth.log_202601', 200]],
    ['extension .log', ['auth.1.log', 300], ['auth.2.log.gz', 200]],
    ['extension .log with dateext', ['auth-20260102.log', 200], ['auth-20260101.log.gz', 200]],
    // What is being compressed is younger than what it is made of, and not whole.
    ['one that is being compressed', ['auth.log.0', 300], ['auth.log.0.bz2', 400]],
  ])('of %s', (_, newest, older) => {
    const wanted = put(...newest);
    put(...older);
    put('auth.log', 900);
    put('auth.log.old', 900);
    put('auth.log.0.bz2.tmp', 900);
    put('xauth.log.0', 900);
    put('authxlog.0', 900);
    mkdirSync(join(folder, 'auth.log.3'));
    expect(newestRotation(join(folder, 'auth.log'))).toBe(wanted);
  });

  it('is found in an archive folder, relative to that of the log or absolute', () => {
    put('auth.log', 900);
    put('auth.log.0', 100);
    mkdirSync(join(folder, 'old'));
    const wanted = put('old/auth.log.0.bz2', 300);
    const log = join(folder, 'auth.log');
    expect(newestRotation(log)).toBe(`${log}.0`);
    expect(newestRotation(log, ['old'])).toBe(wanted);
    expect(newestRotation(log, [join(folder, 'old'), '/nonexistent'])).toBe(wanted);
    expect(rotationsOf(log, ['.', 'old'])).toEqual([wanted, `${log}.0`]);
  });

  it.runIf(process.geteuid?.() === 0)('is no symbolic link of another user', () => {
    const log = put('auth.log', 900);
    const wanted = put('auth.log.1', 100);
    symlinkSync(put('secret', 300), `${log}.0`);
    expect(newestRotation(log)).toBe(`${log}.0`);
    lchownSync(`${log}.0`, 65_534, 65_534);
    expect(newestRotation(log)).toBe(wanted);
  });

  it('is an error if there is none', () => {
    put('auth.log', 100);
    expect(() => newestRotation(join(folder, 'auth.log'))).toThrow(
      expect.objectContaining({ code: 'file', message: expect.stringContaining('auth.log.0') }),
    );
    expect(() => newestRotation(join(folder, 'none', 'auth.log'))).toThrow(
      expect.objectContaining({ code: 'file' }),
    );
  });
});

describe('files in one command', () => {
  it('are sorted oldest first, with standard input last', () => {
    const [c, a, b] = [put('c', 300), put('a', 100), put('b', 200)];
    expect(oldestFirst([c, '-', a, b])).toEqual([a, b, c, '-']);
  });

  it('keep their order if they have the same age', () => {
    const [x, y, z] = [put('x', 100), put('y', 100), put('z', 100)];
    expect(oldestFirst([z, x, y])).toEqual([z, x, y]);
  });
});
