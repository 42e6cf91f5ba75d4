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
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFollowed } from '../../../src/log/follow/follow-file.ts';
import { matchingFiles, patternOf } from '../../../src/log/follow/matching-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, time = 1_767_225_600): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  utimesSync(file, time, time);
  return file;
}

/** The names in the folder that match. */
function matching(pattern: string): string[] {
  const { files } = matchingFiles(join(folder, pattern));
  return files.map((file) => file.slice(folder.length + 1));
}

describe('a pattern', () => {
  it('finds files in one folder or in several, and nothing in a folder that is missing', () => {
    for (const name of ['a/error.log', 'b/error.log', 'b/access.log', 'error.log', '.hidden'])
      put(name);
    expect(matching('*')).toEqual(['error.log']);
    expect(matching('b/*.log')).toEqual(['b/access.log', 'b/error.log']);
    expect(matching('*/error.log')).toEqual(['a/error.log', 'b/error.log']);
    expect(matching('*/*r*.log')).toEqual(['a/error.log', 'b/error.log']);
    expect(matching('c/*.log')).toEqual([]);
    expect(matching('*.log/*')).toEqual([]);
  });

  it('leaves out rotations of what it finds, and compressed files', () => {
    const rotated = ['x.log.1', 'x.log-20260101', 'x.log.2.gz', 'x.1.log', 'y.log.3.bz2'];
    for (const name of ['x.log', 'app-20260101.log', 'z.1', ...rotated]) put(name);
    expect(matching('*')).toEqual(['app-20260101.log', 'x.log', 'z.1']);
  });

  it('finds the 256 files that were written to last', () => {
    for (let index = 0; index < 300; index++) put(`${index}.log`, 1_767_225_600 + index);
    const { files, isMore } = matchingFiles(join(folder, '*.log'));
    expect(isMore).toBe(true);
    expect(files).toHaveLength(256);
    expect(files).not.toContain(join(folder, '43.log'));
    expect(files).toContain(join(folder, '44.log'));
  });

  it.runIf(process.geteuid?.() === 0)('follows no symbolic link of another user', () => {
    put('etc/shadow.log');
    put('alice/x.log');
    symlinkSync(join(folder, 'etc'), join(folder, 'bob'));
    symlinkSync(join(folder, 'etc/shadow.log'), join(folder, 'alice/y.log'));
    expect(matching('*/*.log')).toEqual([
      'alice/x.log',
      'alice/y.log',
      'bob/shadow.log',
      'etc/shadow.log',
    ]);
    lchownSync(join(folder, 'bob'), 65_534, 65_534);
    lchownSync(join(folder, 'alice/y.log'), 65_534, 65_534);
    expect(matching('*/*.log')).toEqual(['alice/x.log', 'etc/shadow.log']);
    expect(() => openFollowed(join(folder, 'alice/y.log'), true)).toThrow(
      /y\.log: symbolic link of another user; not followed/,
    );
  });

  it('matches a whole name, with regular expressions taken as they are written', () => {
    expect(patternOf('sshd@*.service')('sshd@1-10.0.0.1:22.service')).toBe(true);
    expect(patternOf('ssh.service')('ssh.service')).toBe(true);
    expect(patternOf('ssh.*')('sshx-service')).toBe(false);
    // Users are no files: an attacker may try a name that begins with a dot.
    expect(patternOf('*')('.root')).toBe(true);
    expect(patternOf('*')('')).toBe(true);
    expect(patternOf('ssh*')('my-ssh.service')).toBe(false);
  });
});
