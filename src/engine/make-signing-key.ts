import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { errorOf, McblockError } from '../errors.ts';
import { readSigningKey, SigningKey } from '../fleet/pubsub/signing-key.ts';

/**
 * The key in this file. If there is none, or it is to be replaced, a new one is made.
 * @param onMade is done before the new one takes the place of an old one, which stays if it fails
 */
export async function makeSigningKey(
  file: string,
  isReplaced: boolean,
  onMade: (key: SigningKey) => Promise<void>,
): Promise<{ readonly key: SigningKey; readonly isMade: boolean }> {
  const isThere = existsSync(file);
  if (isThere && !isReplaced) return { key: readSigningKey(file), isMade: false };
  const key = new SigningKey();
  const next = `${file}.new`;
  try {
    // What an interrupted change left.
    if (isThere) rmSync(next, { force: true });
    write(isThere ? next : file, key.pem);
    if (isThere) {
      await onMade(key);
      renameSync(next, file);
    }
  } catch (error) {
    if (isThere) rmSync(next, { force: true });
    if (error instanceof McblockError) throw error;
    throw errorOf('config', `pubsub.signing-key: ${file}`, error);
  }
  return { key, isMade: true };
}

/** Only its owner can read it, and it is on the disk. An existing file, or a link, is not followed. */
function write(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
