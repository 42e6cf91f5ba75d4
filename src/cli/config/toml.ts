import { parse, TomlError } from 'smol-toml';
import { McblockError, reasonOf } from '../../errors.ts';
import { nearest } from '../text/nearest.ts';
import { refuseReplaced } from './replaced-keys.ts';
import { RENAMED, type ReadSettings, SETTINGS, type SettingKey } from './settings.ts';

/** Reads and checks a whole configuration. Throws McblockError 'config' with file and line. */
export function parseSettings(text: string, file: string): ReadSettings {
  const read = new Map<SettingKey, { value: unknown; line: number; itemLines?: number[] }>();
  const lines = keyLines(text);
  const root = parseToml(text, file);
  refuseReplaced(root, file, (key) => lineOf(key, lines));
  for (const [key, value] of leaves(root, '')) {
    const line = lineOf(key, lines);
    if (!isSettingKey(key)) {
      if (Object.keys(SETTINGS).some((known) => known.startsWith(`${key}.`))) {
        throw new McblockError('config', `${file}:${line}: ${key} is a table: write [${key}]`);
      }
      const [table = ''] = key.split('.');
      const renamed = newNameOf(key);
      if (renamed !== undefined) {
        throw new McblockError('config', `${file}:${line}: ${key} is now ${renamed}`);
      }
      if (isListKey(table)) {
        throw new McblockError('config', `${file}:${line}: ${table} is a list: write [[${table}]]`);
      }
      const close = nearest(key, Object.keys(SETTINGS));
      const advice =
        close === undefined ? '"mcblock config" lists all keys' : `did you mean ${close}?`;
      throw new McblockError('config', `${file}:${line}: unknown key ${key}; ${advice}`);
    }
    try {
      const items = isListKey(key) && Array.isArray(value) ? value : [];
      const itemLines = items.map((_, index) => lineOf(`${key}[${index}]`, lines));
      read.set(key, { value: SETTINGS[key].codec.read(value, key), line, itemLines });
    } catch (error) {
      const reason = reasonOf(error);
      const [item] = /^\w+\[\d+\](?:\.[\w-]+)?/.exec(reason) ?? [key];
      throw new McblockError('config', `${file}:${lineOf(item, lines)}: ${reason}`, {
        cause: error,
      });
    }
  }
  checkTogether(read, file);
  return read;
}

/** Checks values against each other. */
function checkTogether(read: ReadSettings, file: string): void {
  const first = read.get('penalty.first');
  const longest = read.get('penalty.longest');
  const firstSeconds = Number(first?.value ?? SETTINGS['penalty.first'].fallback);
  const longestSeconds = Number(longest?.value ?? SETTINGS['penalty.longest'].fallback);
  if (longestSeconds >= firstSeconds) return;
  const line = longest?.line ?? first?.line ?? 1;
  throw new McblockError(
    'config',
    `${file}:${line}: penalty.longest is shorter than penalty.first`,
  );
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = 'not TOML'] = error.message.split('\n');
    const fault = reason.replace(/^Invalid TOML document: /, '');
    throw new McblockError('config', `${file}:${error.line}:${error.column}: ${fault}`, {
      cause: error,
    });
  }
}

/** The new name of a key of an earlier version. */
function newNameOf(key: string): string | undefined {
  for (const [before, now] of RENAMED) {
    if (key === before || key.startsWith(`${before}.`)) return now + key.slice(before.length);
  }
  return undefined;
}

function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** Whether the setting is a list of tables. */
function isListKey(key: string): boolean {
  return key === 'log' || key === 'rule';
}

/** Dotted keys with their values; does not descend into tables that are settings, but for [log]. */
function* leaves(table: Record<string, unknown>, path: string): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const key = path === '' ? name : `${path}.${name}`;
    const inner = typeof value === 'object' && value?.constructor !== Date && !Array.isArray(value);
    if (inner && value !== null && (!isSettingKey(key) || isListKey(key))) {
      yield* leaves(value as Record<string, unknown>, key);
    } else {
      yield [key, value];
    }
  }
}

/** The line of each key and table heading; the TOML parser keeps no positions. */
function keyLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table = '';
  const items = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const heading = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    const key = /^\s*([\w"'.-]+(?:\s*\.\s*[\w"'.-]+)*)\s*=/.exec(line)?.[1];
    if (heading !== undefined) table = bare(heading);
    const path =
      heading !== undefined ? table : key !== undefined && (table ? `${table}.` : '') + bare(key);
    if (path && !lines.has(path)) lines.set(path, index + 1);
    const item = items.get(table);
    if (key !== undefined && item !== undefined) {
      lines.set(`${table}[${item - 1}].${bare(key)}`, index + 1);
    }
    if (heading !== undefined && /^\s*\[\[/.test(line)) {
      const count = items.get(table) ?? 0;
      lines.set(`${table}[${count}]`, index + 1);
      items.set(table, count + 1);
    }
  }
  return lines;
}

function bare(key: string): string {
  return key.replace(/["'\s]/g, '');
}

/** The line of the key, or of the nearest table around it (an inline table has one line). */
function lineOf(key: string, lines: ReadonlyMap<string, number>): number {
  for (let path = key; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    const line = lines.get(path);
    if (line !== undefined) return line;
  }
  return 1;
}
