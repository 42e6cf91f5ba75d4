import { McblockError } from '../../errors.ts';
import { type Config, loadConfig } from './config.ts';

interface NamedFiles {
  readonly config?: string;
  readonly db?: string;
}

/**
 * The configuration for work done as root on behalf of another user. The user whom doas(1) or
 * sudo(8) let in cannot choose it. Throws McblockError.
 */
export async function rootsConfig(
  { config, db }: NamedFiles,
  env: NodeJS.ProcessEnv,
): Promise<Config> {
  if (process.geteuid?.() !== 0) return loadConfig(config, env);
  const isBorrowed = ['DOAS_USER', 'SUDO_USER', 'SUDO_UID'].some((name) => env[name] !== undefined);
  if (isBorrowed && (config !== undefined || db !== undefined)) {
    throw new McblockError(
      'usage',
      "through doas or sudo, pf uses root's own configuration; do not set --config, --db, MCBLOCK_CONFIG or MCBLOCK_DB",
    );
  }
  return loadConfig(config, {});
}
