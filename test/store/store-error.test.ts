import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { McblockError } from '../../src/errors.ts';
import { storeError } from '../../src/store/store-error.ts';
import { temporaryDirectory } from './helpers.ts';

it('says what to do where the native part of better-sqlite3 is for another Node.js', () => {
  const file = join(temporaryDirectory(), 'better_sqlite3.node');
  writeFileSync(file, 'no program');
  let thrown: unknown;
  try {
    process.dlopen({ exports: {} }, file);
  } catch (error) {
    thrown = error;
  }
  const error = storeError('mcblock.db', thrown);
  expect(error).toBeInstanceOf(McblockError);
  expect(error).toMatchObject({
    code: 'program',
    cause: thrown,
    message: expect.stringContaining('npm rebuild better-sqlite3'),
  });
});

it('says what to do if better-sqlite3 was not compiled', () => {
  let thrown: unknown;
  try {
    createRequire(import.meta.url)('better-sqlite3/build/Release/none.node');
  } catch (error) {
    thrown = error;
  }
  expect(storeError('mcblock.db', thrown)).toMatchObject({
    code: 'program',
    message: expect.stringContaining('npm rebuild better-sqlite3'),
  });
});

it('leaves alone what SQLite did not throw', () => {
  const bug = new TypeError('a bug');
  expect(storeError('mcblock.db', bug)).toBe(bug);
});
