import { readFileSync } from 'node:fs';
import { McblockError } from '../errors.ts';
import type { UserIds } from './program.ts';

const NAME = 'nobody';

/**
 * The user that programs run as when they read untrusted data: `nobody` if this process is root,
 * else undefined, which is the user of this process. Only /etc/passwd is read, as other sources of
 * users may be on the network. Throws McblockError('system') if it has no such user.
 */
export function unprivilegedUser(passwdFile = '/etc/passwd'): UserIds | undefined {
  if (process.getuid?.() !== 0 && process.geteuid?.() !== 0) return undefined;
  const fields = textOf(passwdFile)
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === NAME);
  const [uid, gid] = [fields?.[2], fields?.[3]].map(Number);
  // Negative on macOS.
  if (!Number.isInteger(uid) || !Number.isInteger(gid) || !uid || !gid) {
    throw new McblockError(
      'system',
      `no user ${NAME} in ${passwdFile}: refusing to run a decompressor as root`,
    );
  }
  return { uid, gid };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
