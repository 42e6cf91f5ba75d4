import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isPostgres } from '../engine/fleet-store.ts';
import { McblockError } from '../errors.ts';

const ROOT_STORE = `${process.platform === 'linux' ? '/var/lib' : '/var/db'}/mcblock/mcblock.db`;

/**
 * The path of the store: --db or MCBLOCK_DB; for root /var/lib/mcblock/mcblock.db on Linux (Filesystem
 * Hierarchy Standard, 5.8) and /var/db/mcblock/mcblock.db on BSD (hier(7)); else in the user's data
 * directory (XDG Base Directory Specification).
 */
export function storePath(named: string | undefined, env: NodeJS.ProcessEnv): string {
  if (named !== undefined) return checked(named);
  if (process.getuid?.() === 0) return ROOT_STORE;
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'mcblock', 'mcblock.db');
}

/**
 * Throws McblockError('store') if the store does not exist and root has one: whoever forgot sudo(8)
 * must not believe that a store of their own is that of the machine.
 */
export function refuseNewBesideRoots(named: string | undefined, path: string): void {
  const folder = dirname(ROOT_STORE);
  if (named !== undefined || path === ROOT_STORE || existsSync(path) || !existsSync(folder)) return;
  throw new McblockError(
    'store',
    `store ${path}: no such store; that of this machine is in ${folder}: run it as root, or use --db to name another`,
  );
}

/** The location of the fleet's store: `named`, else fleet.db beside the store of a machine. */
export function fleetLocation(named: string | undefined, env: NodeJS.ProcessEnv): string {
  if (named !== undefined) return isPostgres(named) ? named : resolve(named);
  return join(dirname(storePath(undefined, env)), 'fleet.db');
}

function checked(named: string): string {
  if (named === '') {
    throw new McblockError('usage', '--db and MCBLOCK_DB must not be empty');
  }
  if (isDirectory(named)) {
    const inside = join(named, 'mcblock.db');
    throw new McblockError('usage', `${named}: is a directory; name a file, such as ${inside}`);
  }
  return named;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // Opening it will report what is wrong.
    return false;
  }
}
