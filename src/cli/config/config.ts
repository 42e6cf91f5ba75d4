import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { McblockError, reasonOf } from '../../errors.ts';
import { readConfigFile } from '../../read-config-file.ts';
import type { Setting } from './setting.ts';
import { type ReadSettings, SETTINGS, type SettingKey, type SettingValue } from './settings.ts';

/** Where a value came from: the file and the line in it, or the program. */
type Source = { readonly file: string; readonly line: number } | 'default';

/** The configuration in force. Checked whole when it is made. */
export interface Config {
  /** The file that was read; undefined where there is none. */
  readonly file: string | undefined;
  get<Key extends SettingKey>(key: Key): SettingValue<Key>;
  sourceOf(key: SettingKey): Source;
}

const FILE_LIMIT_BYTES = 1024 * 1024;

/**
 * Reads `named` (the user's `--config` or MCBLOCK_CONFIG), else the file in its usual place, else
 * takes the defaults. Throws McblockError 'config' with file and line.
 * @param isRoots refuses a file that anybody but root could have written
 */
export async function loadConfig(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  isRoots = false,
): Promise<Config> {
  const file = named ?? usualPlaces(env).find((path) => existsSync(path));
  if (file === undefined) return configOf(undefined, new Map());
  const text = readConfig(file, isRoots);
  // Loaded here, so that a command without a configuration does not pay for it.
  const { parseSettings } = await import('./toml.ts');
  return configOf(file, parseSettings(text, file));
}

function usualPlaces(env: NodeJS.ProcessEnv): string[] {
  if (process.getuid?.() === 0) return ['/usr/local/etc/mcblock.toml', '/etc/mcblock.toml'];
  return [join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'mcblock', 'mcblock.toml')];
}

function readConfig(file: string, isRoots: boolean): string {
  try {
    const content = readConfigFile(file, ({ size, uid, mode }) => {
      if (size > FILE_LIMIT_BYTES) return 'it is larger than 1 MiB';
      if (!isRoots || (uid === 0 && (mode & 0o022) === 0)) return undefined;
      return `others than root could have written it; run chown root ${file} && chmod go-w ${file}`;
    });
    return content.toString('utf8');
  } catch (error) {
    throw new McblockError('config', `cannot read the configuration ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function configOf(file: string | undefined, read: ReadSettings): Config {
  return {
    file,
    get<Key extends SettingKey>(key: Key) {
      const setting = SETTINGS[key] as Setting<SettingValue<Key>>;
      const found = read.get(key);
      return found ? (found.value as SettingValue<Key>) : setting.fallback;
    },
    sourceOf(key) {
      const found = read.get(key);
      return found && file !== undefined ? { file, line: found.line } : 'default';
    },
  };
}
