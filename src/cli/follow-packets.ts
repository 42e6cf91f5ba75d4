import { StreamWatcher } from '../engine/watch/stream-watcher.ts';
import type { WatcherOptions, WatchSettings } from '../engine/watch/watcher.ts';
import { errorOf, McblockError } from '../errors.ts';
import { PacketStream } from '../log/pf/packet-stream.ts';
import { PflogFile } from '../log/pf/pflog-file.ts';
import { PflogProgram } from '../log/pf/pflog-program.ts';
import type { Context } from './context.ts';
import { externalInterfaces } from './grok-logs.ts';
import type { Signals } from './signals.ts';

/** pf's own; pflogd(8) reads it too. */
export const PFLOG_DEVICE = 'pflog0';
const RETRY_MILLISECONDS = 1000;

/** Follows what pf logs: the device, by tcpdump, or a file of pflogd(8) and those that replace it. */
export async function followPackets(
  context: Context,
  name: string,
  settings: WatchSettings,
  signals: Signals,
  watcherOptions: WatcherOptions,
  external: readonly string[] | undefined,
): Promise<void> {
  let config = await context.config();
  let latest = settings;
  let interfaces = externalInterfaces(config, external);
  const reload = async () => {
    const reloaded = await watcherOptions.reload();
    const reread = await context.config();
    interfaces = externalInterfaces(reread, external);
    config = reread;
    latest = reloaded;
    return reloaded;
  };
  for (let isFirst = true; !signals.isStopped; isFirst = false) {
    let file: PflogFile | undefined;
    const open = (_: WatchSettings, cursor: string | undefined) => {
      if (name === PFLOG_DEVICE) return new PflogProgram(config.get('pf.tcpdump'), name);
      file = new PflogFile(name, cursor);
      return file;
    };
    const watcher = new StreamWatcher(latest, signals, {
      ...watcherOptions,
      reload,
      name,
      source: name === PFLOG_DEVICE ? undefined : `pf ${name}`,
      onHangUp: 'reopen',
      open,
      collector: ({ readOptions: { zone } }) =>
        new PacketStream(name, interfaces, zone, file?.newFrom ?? 0),
      evidence: 'pf',
    });
    try {
      await watcher.run();
    } catch (error) {
      if (isFirst || !isMissing(error)) throw fileError(name, error);
      // It is being rotated.
      await signals.pause(RETRY_MILLISECONDS);
      continue;
    }
    if (!file?.isReplaced) return;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function fileError(name: string, error: unknown): unknown {
  if (error instanceof McblockError || !(error instanceof Error && 'syscall' in error))
    return error;
  return errorOf('file', name, error);
}
