import { Readable } from 'node:stream';
import { type LineStream, StreamWatcher } from '../engine/watch/stream-watcher.ts';
import type { WatcherOptions, WatchSettings } from '../engine/watch/watcher.ts';
import { McblockError } from '../errors.ts';
import type { JournalOptions } from '../log/journal/journal-reader.ts';
import type { Config } from './config/config.ts';
import { configuredLogs, configuredUnits } from './configured-logs.ts';
import type { Context } from './context.ts';
import { openJournal } from './journal.ts';
import type { Signals } from './signals.ts';

/** How long after a failure the journal is opened again. */
const RETRY_MILLISECONDS = 60_000;

/** Follows the units that the configuration names; tries again while the journal cannot be read. */
export async function followUnits(
  context: Context,
  settings: WatchSettings,
  signals: Signals,
  watcherOptions: WatcherOptions,
  isOnce: boolean,
): Promise<void> {
  const part = (config: Config) => {
    const isRead = configuredUnits(configuredLogs(config, context.host));
    return isRead && { isRead };
  };
  while (!signals.isStopped) {
    try {
      await followJournal(context, settings, signals, watcherOptions, isOnce, part);
      if (isOnce) return;
    } catch (error) {
      if (!(error instanceof McblockError) || error.code !== 'program' || isOnce) throw error;
      watcherOptions.warn(`mcblock: ${error.message}; retrying`);
      await signals.pause(RETRY_MILLISECONDS);
    }
  }
}

/** @param part which part of the journal the configuration names; undefined for none */
export async function followJournal(
  context: Context,
  settings: WatchSettings,
  signals: Signals,
  watcherOptions: WatcherOptions,
  isOnce: boolean,
  part: (config: Config) => Pick<JournalOptions, 'isRead'> | undefined,
): Promise<void> {
  let config = await context.config();
  const windowSeconds = settings.policies.windowSeconds;
  const watcher = new StreamWatcher(settings, signals, {
    ...watcherOptions,
    name: 'journal',
    source: config.get('journal.directory'),
    onHangUp: 'reopen',
    reload: async () => {
      const reloaded = await watcherOptions.reload();
      config = await context.config();
      return reloaded;
    },
    open: ({ readOptions }, after) => {
      const wanted = part(config);
      if (wanted === undefined) return emptyStream(!isOnce);
      const since = `@${context.time.present - windowSeconds}`;
      return openJournal(config, readOptions, { ...wanted, since, after, isFollowed: !isOnce });
    },
  });
  await watcher.run();
}

/** A stream with nothing in it; if it is followed, it lasts until it is ended. */
function emptyStream(isFollowed: boolean): LineStream {
  const stream = new Readable({ read: () => undefined });
  const end = (): void => void stream.push(null);
  if (!isFollowed) end();
  return { chunks: () => stream, hasMore: false, cursor: undefined, end };
}
