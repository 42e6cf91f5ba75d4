import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errorOf } from '../../errors.ts';
import { ownedByAnother, readConfigFile } from '../../read-config-file.ts';
import type { Setting } from './setting.ts';
import { type ReadSettings, SETTINGS, type SettingKey, type SettingValue } from './settings.ts';

/** Where a value comes from: a line of the file, or the program. */
type Source = { readonly file: string; readonly line: number } | 'default';

/** The configuration in force, checked whole when it is loaded. */
export interface Config {
  /** The file that was read, if any. */
  readonly file: string | undefined;
  get<Key extends SettingKey>(key: Key): SettingValue<Key>;
  /** @param item of a list of tables */
  sourceOf(key: SettingKey, item?: number): Source;
}

/** `FILE:LINE: ` of a key, for messages; empty if it has its default. */
export function configLocation(config: Config, key: SettingKey, item?: number): string {
  const source = config.sourceOf(key, item);
  return source === 'default' ? '' : `${source.file}:${source.line}: `;
}

const FILE_LIMIT_BYTES = 1024 * 1024;

/**
 * Reads `named` (`--config` or MCBLOCK_CONFIG), else the file in its usual place, else uses the
 * defaults. Throws McblockError('config') with file and line.
 */
export async function loadConfig(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Config> {
  const file = named ?? usualFiles(env).find((path) => existsSync(path));
  if (file === undefined) return configOf(undefined, new Map());
  const text = readConfig(file);
  // Loaded only here: commands without a configuration must not pay for it.
  const { parseSettings } = await import('./toml.ts');
  return configOf(file, parseSettings(text, file));
}

function usualFiles(env: NodeJS.ProcessEnv): string[] {
  if (process.getuid?.() === 0) return ['/usr/local/etc/mcblock.toml', '/etc/mcblock.toml'];
  return [join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'mcblock', 'mcblock.toml')];
}

function readConfig(file: string): string {
  try {
    const content = readConfigFile(file, (stats) =>
      stats.size > FILE_LIMIT_BYTES ? 'larger than 1 MiB' : ownedByAnother(file, stats),
    );
    return content.toString('utf8');
  } catch (error) {
    throw errorOf('config', file, error);
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
    sourceOf(key, item = -1) {
      const found = read.get(key);
      return found && file !== undefined
        ? { file, line: found.itemLines?.[item] ?? found.line }
        : 'default';
    },
  };
}
