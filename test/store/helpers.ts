import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { McblockError } from '../../src/errors.ts';

export * from './models.ts';

/** A directory that is gone when the test has ended. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mcblock-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What `work` threw; it has to be a McblockError. */
export function errorOf(work: () => unknown): McblockError {
  try {
    work();
  } catch (error) {
    if (error instanceof McblockError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
