import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the store lies: where --db or MCBLOCK_DB says, /var/db/mcblock/mcblock.db for root, else in
 * the user's data directory (XDG Base Directory Specification).
 */
export function storePath(named: string | undefined, env: NodeJS.ProcessEnv): string {
  if (named !== undefined) return named;
  if (process.getuid?.() === 0) return '/var/db/mcblock/mcblock.db';
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'mcblock', 'mcblock.db');
}
