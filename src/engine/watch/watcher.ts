import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { FileWatcher } from '../../log/follow/file-watcher.ts';
import { FollowedLog } from '../../log/follow/follow.ts';
import type { RecordBatch } from '../../log/follow/follow-content.ts';
import type { FollowOptions } from '../../log/follow/follow-rotations.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { BatchRecorder, type BatchReport, isNotable } from './batch-recorder.ts';

/** Logs are checked at this interval even if no change was signalled. */
const POLL_MILLISECONDS = 250;
const FIRST_WAIT_MILLISECONDS = 1000;
const MAX_WAIT_MILLISECONDS = 60_000;
/** Failures that may go away: another program is writing, or the disk is full or does not answer. */
const TRANSIENT = /^SQLITE_(?:BUSY|LOCKED|FULL|IOERR)/;

/** What can change while logs are followed. */
export interface WatchSettings {
  readonly policies: Policies;
  readonly readOptions: ReadOptions;
}

export interface WatcherOptions {
  readonly store: Store;
  readonly now: () => Seconds;
  /** Reads the settings again, after a hang-up. */
  readonly reload: () => Promise<WatchSettings>;
  readonly warn: (text: string) => void;
  /** Called when there is something to tell: the rules changed, or entries were refused. */
  readonly onChange: (report: BatchReport) => void;
}

/** How a watcher is controlled. */
export interface WatchSignals {
  readonly isStopped: boolean;
  /** Whether a hang-up came since the last call. */
  takeHangUp(): boolean;
  /** Waits that long, or until the watcher is stopped or `early` is aborted. */
  pause(milliseconds: number, early?: AbortSignal): Promise<void>;
}

/** Follows logs, and judges and stores their lines as they are written. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #signals: WatchSignals;
  readonly #recorder: BatchRecorder;
  readonly #logs: readonly FollowedLog[];
  readonly #fileWatcher: FileWatcher;
  /** The last warning about each log, which is not repeated. */
  readonly #warnings = new Map<string, string>();
  #settings: WatchSettings;
  #waitMilliseconds = POLL_MILLISECONDS;

  constructor(
    names: readonly string[],
    settings: WatchSettings,
    signals: WatchSignals,
    options: WatcherOptions,
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#signals = signals;
    this.#recorder = new BatchRecorder(options.store);
    this.#logs = names.map((name) => new FollowedLog(name, this.#followOptions(name)));
    this.#fileWatcher = new FileWatcher(names);
  }

  /** Follows the logs until it is stopped. */
  async run(): Promise<void> {
    while (!this.#signals.isStopped) {
      this.#fileWatcher.reset();
      const beganAt = performance.now();
      const isWell = await this.#readAll();
      const taken = performance.now() - beganAt;
      if (this.#signals.takeHangUp()) await this.#reload();
      // However fast logs grow, reading takes at most half of the time.
      await this.#signals.pause(
        this.#waitMilliseconds,
        isWell ? this.#fileWatcher.signalAfter(taken) : undefined,
      );
    }
    this.#recordOffsets();
  }

  /** Reads what is new, once. Throws McblockError('file') if a log is missing or compressed. */
  async once(): Promise<void> {
    for (const log of this.#logs) {
      await log.read(this.#record, () => this.#signals.isStopped);
    }
    this.#recordOffsets();
    const missing = this.#logs.find(({ isThere }) => !isThere);
    if (missing) throw new McblockError('file', `${missing.name}: no such file`);
    const packed = this.#logs.find(({ isCompressed }) => isCompressed);
    if (packed) {
      throw new McblockError('file', `${packed.name}: compressed; use mcblock grok to read it`);
    }
  }

  close(): void {
    this.#fileWatcher.close();
    for (const log of this.#logs) log.close();
  }

  readonly #record: RecordBatch = (batch) => {
    const report = this.#recorder.record(batch, this.#settings.policies, this.#options.now());
    if (report === undefined) return 'changed';
    if (isNotable(report)) this.#options.onChange(report);
    return 'recorded';
  };

  /** Reads all logs. False if the store cannot be written. */
  async #readAll(): Promise<boolean> {
    let isInTrouble = false;
    for (const log of this.#logs) {
      try {
        await log.read(this.#record, () => this.#signals.isStopped);
        if (log.isThere) this.#warnings.delete(log.name);
      } catch (error) {
        if (!isTransient(error)) throw error;
        isInTrouble ||= error.code === 'store';
        this.#warn(log.name, `${error.message}; retrying`);
      }
    }
    this.#waitMilliseconds = isInTrouble
      ? Math.min(
          Math.max(this.#waitMilliseconds * 2, FIRST_WAIT_MILLISECONDS),
          MAX_WAIT_MILLISECONDS,
        )
      : POLL_MILLISECONDS;
    return !isInTrouble;
  }

  async #reload(): Promise<void> {
    await reloadSettings(this.#options, (settings) => {
      // Lines that were read belong to the old settings.
      this.#recordOffsets();
      this.#settings = settings;
      for (const log of this.#logs) log.renew(this.#followOptions(log.name));
    });
  }

  #recordOffsets(): void {
    for (const log of this.#logs) log.recordOffsets(this.#record);
  }

  #followOptions(name: string): FollowOptions {
    const { store, now } = this.#options;
    return {
      ...this.#settings.readOptions,
      known: (head) => store.logs.withHead(head),
      now,
      report: (text) => this.#warn(name, text),
    };
  }

  #warn(log: string, text: string): void {
    if (this.#warnings.get(log) === text) return;
    this.#warnings.set(log, text);
    this.#options.warn(`mcblock: ${text}`);
  }
}

/** Reads the settings again and uses them. If either fails, the old ones stay. */
export async function reloadSettings(
  { reload, warn }: Pick<WatcherOptions, 'reload' | 'warn'>,
  use: (settings: WatchSettings) => void,
): Promise<void> {
  try {
    use(await reload());
    warn('mcblock: configuration reloaded');
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    warn(`mcblock: ${error.message}; keeping the old configuration`);
  }
}

/** Whether a file cannot be read, or the store cannot be written, at the moment only. */
function isTransient(error: unknown): error is McblockError {
  if (!(error instanceof McblockError)) return false;
  if (error.code !== 'store') return error.code === 'file';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && TRANSIENT.test(String(cause.code));
}
