import { Host } from '../engine/host/host.ts';
import { archiveFolders } from '../engine/host/log-jobs.ts';
import { authLog } from '../engine/host/system-log.ts';
import type { WatchedFile } from '../engine/watch/watcher.ts';
import { patternOf } from '../log/follow/matching-files.ts';
import type { JournalOptions } from '../log/journal/journal-reader.ts';
import { narrowed, type ReadOptions } from '../log/read-options.ts';
import type { Config } from './config/config.ts';
import type { LogSetting } from './config/log-setting.ts';

/** The tables [[log]]; without any, the system's log with failed logins, or else the journal. */
export function configuredLogs(config: Config, host = new Host()): readonly LogSetting[] {
  const logs = config.get('log');
  if (logs.length > 0) return logs;
  const file = authLog(host);
  const none = { file: '', unit: '', services: [], archive: '' };
  return [file === undefined ? { ...none, unit: '*' } : { ...none, file }];
}

/** As shown: the file, `journal`, or `journal of UNIT`. */
export function logName({ file, unit }: Pick<LogSetting, 'file' | 'unit'>): string {
  return file || (unit === '*' ? 'journal' : `journal of ${unit}`);
}

/** How each file of [[log]] is read. */
export function configuredFiles(
  logs: readonly LogSetting[],
  readOptions: ReadOptions,
  host = new Host(),
): WatchedFile[] {
  const archives = archiveFolders(host);
  return logs
    .filter(({ file }) => file !== '')
    .map(({ file, services, archive }) => ({
      name: file,
      isConfigured: true,
      readOptions: narrowed(readOptions, services),
      archives: archive === '' ? archives : [archive, ...archives],
    }));
}

/** Which entries of the journal [[log]] names; undefined if none. */
export function configuredUnits(
  logs: readonly LogSetting[],
): NonNullable<JournalOptions['isRead']> | undefined {
  const units = logs
    .filter(({ unit }) => unit !== '')
    .map(({ unit, services }) => ({ matches: patternOf(unit), services }));
  if (units.length === 0) return undefined;
  return (name, service) =>
    units.some(
      ({ matches, services }) =>
        matches(name) &&
        (services.length === 0 || (service !== undefined && services.includes(service))),
    );
}
