import { McblockError } from '../../errors.ts';
import { type Codec, list, object, optional } from '../../validation/codec.ts';
import { matching } from '../../validation/values.ts';
import { tableOf } from './known-keys.ts';
import { SERVICE } from './setting-codecs.ts';

const MAX_LOGS = 64;

/** A log that [[log]] names: either `file` or `unit` is not empty, and in both * is any text. */
export interface LogSetting {
  /** An absolute path. */
  readonly file: string;
  /** A unit of systemd, whose entries in the journal are read; `*` for the whole journal. */
  readonly unit: string;
  /** The services that may write it; none for all. */
  readonly services: readonly string[];
  /** The folder with its rotations, if it is another: absolute, or relative to that of the log. */
  readonly archive: string;
}

const KEYS: Codec<LogSetting> = object({
  file: optional(
    matching(/^(?:\/(?!\.{1,2}(?:\/|$))[^\p{Cc}/]+)+$/u, 'the absolute path of a log'),
    '',
  ),
  unit: optional(matching(/^[\w.@:*\\-]{1,255}$/, 'a unit of systemd such as "ssh.service"'), ''),
  services: optional(list(SERVICE), []),
  archive: optional(matching(/^\P{Cc}+$/u, 'the folder with the rotated logs'), ''),
});

/** The tables [[log]]. */
export function logs(): Codec<readonly LogSetting[]> {
  return list({ ...KEYS, read: readLog, write: writeLog }, MAX_LOGS);
}

function readLog(value: unknown, path: string): LogSetting {
  const empty = { file: '', unit: '', services: [], archive: '' };
  const known = Object.keys(KEYS.write(empty) as object);
  const log = KEYS.read(tableOf(known, value, path, 'a table with file or unit'), path);
  if ((log.file === '') === (log.unit === '')) {
    throw new McblockError('input', `${path}: set either file or unit`);
  }
  if (log.archive !== '' && log.file === '') {
    throw new McblockError('input', `${path}.archive: only files are rotated`);
  }
  return log;
}

function writeLog(log: LogSetting): object {
  return Object.fromEntries(Object.entries(log).filter(([, value]) => value.length > 0));
}
