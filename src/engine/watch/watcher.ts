import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { FileWatcher } from '../../log/follow/file-watcher.ts';
import { FollowedLog } from '../../log/follow/follow.ts';
import type { RecordBatch } from '../../log/follow/follow-content.ts';
import type { FollowOptions } from '../../log/follow/follow-rotations.ts';
import { isPattern, matchingFiles } from '../../log/follow/matching-files.ts';
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

/** How often files that match a pattern are looked for. */
const SCAN_MILLISECONDS = 2000;
/** How often it is recorded how far quiet logs were read. */
const OFFSETS_MILLISECONDS = 60_000;
/** A file that no longer matches is closed after so many scans: it may be being rotated. */
const CLOSING_SCANS = 3;

/** A log, or all that match a pattern. */
export interface WatchedFile {
  readonly name: string;
  /** The configuration names it: it may be a pattern, and need not exist. */
  readonly isConfigured: boolean;
  readonly readOptions: ReadOptions;
  /** See rotationsOf. */
  readonly archives: readonly string[];
}

/** What can change while logs are followed. */
export interface WatchSettings {
  readonly policies: Policies;
  /** For streams. */
  readonly readOptions: ReadOptions;
  /** If several name the same file, the first counts. */
  readonly files: readonly WatchedFile[];
}

/** A log, and who named it. */
interface Watched {
  readonly log: FollowedLog;
  file: WatchedFile;
  /** In how many scans it was missing. */
  missed: number;
}

export interface WatcherOptions {
  readonly store: Store;
  readonly now: () => Seconds;
  /** Reads the settings again, after a hang-up. */
  readonly reload: () => Promise<WatchSettings>;
  readonly warn: (text: string) => void;
  /** Another watcher tells of the same reload. */
  readonly isReloadTold?: boolean;
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
  readonly #logs = new Map<string, Watched>();
  readonly #fileWatcher = new FileWatcher();
  /** The last warning about each log, which is not repeated. */
  readonly #warnings = new Map<string, string>();
  #settings: WatchSettings;
  #waitMilliseconds = POLL_MILLISECONDS;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #offsetsAt = performance.now();

  constructor(settings: WatchSettings, signals: WatchSignals, options: WatcherOptions) {
    this.#options = options;
    this.#settings = settings;
    this.#signals = signals;
    this.#recorder = new BatchRecorder(options.store);
  }

  /** Follows the logs until it is stopped. */
  async run(): Promise<void> {
    while (!this.#signals.isStopped) {
      if (performance.now() - this.#scannedAt >= SCAN_MILLISECONDS) this.#scan(CLOSING_SCANS);
      this.#fileWatcher.reset([...this.#logs.keys()]);
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

  /**
   * Reads what is new, once. Throws McblockError('file') at the end if a log cannot be read, or is
   * missing or compressed.
   */
  async once(): Promise<void> {
    const faults: string[] = [];
    this.#scan(CLOSING_SCANS);
    for (const { log, file } of this.#logs.values()) {
      try {
        await log.read(this.#record, () => this.#signals.isStopped);
        if (!log.isThere && !file.isConfigured) faults.push(`${log.name}: no such file`);
        if (log.isCompressed) {
          faults.push(`${log.name}: compressed; use mcblock grok to read it`);
        }
      } catch (error) {
        if (!(error instanceof McblockError) || error.code !== 'file') throw error;
        faults.push(error.message);
      }
    }
    this.#recordOffsets();
    if (faults.length > 0) throw new McblockError('file', faults.join('\n'));
  }

  close(): void {
    this.#fileWatcher.close();
    for (const { log } of this.#logs.values()) log.close();
  }

  /** Begins to follow new files, and closes those that were missing in so many scans. */
  #scan(closingScans: number): void {
    this.#scannedAt = performance.now();
    const wanted = this.#wanted();
    for (const [name, watched] of this.#logs) {
      const file = wanted.get(name);
      if (file !== undefined) Object.assign(watched, { file, missed: 0 });
      else if (++watched.missed >= closingScans) this.#close(watched.log);
    }
    for (const [name, file] of wanted) {
      if (this.#logs.has(name)) continue;
      const log = new FollowedLog(name, this.#followOptions(name, file));
      this.#logs.set(name, { log, file, missed: 0 });
    }
  }

  #close(log: FollowedLog): void {
    try {
      log.recordOffsets(this.#record);
    } catch (error) {
      // It is closed by a later scan, when the store can be written.
      if (isTransient(error)) return;
      throw error;
    }
    log.close();
    this.#logs.delete(log.name);
    this.#warnings.delete(log.name);
  }

  #wanted(): Map<string, WatchedFile> {
    const wanted = new Map<string, WatchedFile>();
    for (const file of this.#settings.files) {
      for (const name of this.#namesOf(file)) {
        if (!wanted.has(name)) wanted.set(name, file);
      }
    }
    return wanted;
  }

  #namesOf({ name, isConfigured }: WatchedFile): readonly string[] {
    if (!isConfigured || !isPattern(name)) return [name];
    const { files, isMore } = matchingFiles(name);
    if (isMore)
      this.#warn(name, `${name}: too many files; the ${files.length} newest are followed`);
    return files;
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
    for (const { log } of this.#logs.values()) {
      try {
        await log.read(this.#record, () => this.#signals.isStopped);
        if (log.isThere) this.#warnings.delete(log.name);
      } catch (error) {
        if (!isTransient(error)) throw error;
        isInTrouble ||= error.code === 'store';
        this.#warn(log.name, `${error.message}; retrying`);
      }
    }
    if (!isInTrouble && performance.now() - this.#offsetsAt >= OFFSETS_MILLISECONDS) {
      this.#offsetsAt = performance.now();
      isInTrouble = !this.#tryToRecordOffsets();
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
      this.#scan(1);
      for (const { log, file } of this.#logs.values())
        log.renew(this.#followOptions(log.name, file));
    });
  }

  #tryToRecordOffsets(): boolean {
    try {
      this.#recordOffsets();
      return true;
    } catch (error) {
      if (isTransient(error)) return false;
      throw error;
    }
  }

  #recordOffsets(): void {
    for (const { log } of this.#logs.values()) log.recordOffsets(this.#record);
  }

  #followOptions(name: string, { readOptions, archives }: WatchedFile): FollowOptions {
    const { store, now } = this.#options;
    return {
      ...readOptions,
      archives,
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
  { reload, warn, isReloadTold }: Pick<WatcherOptions, 'reload' | 'warn' | 'isReloadTold'>,
  use: (settings: WatchSettings) => void,
): Promise<void> {
  try {
    use(await reload());
    if (!isReloadTold) warn('mcblock: configuration reloaded');
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    if (!isReloadTold) warn(`mcblock: ${error.message}; keeping the old configuration`);
  }
}

/** Whether a file cannot be read, or the store cannot be written, at the moment only. */
function isTransient(error: unknown): error is McblockError {
  if (!(error instanceof McblockError)) return false;
  if (error.code !== 'store') return error.code === 'file';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && TRANSIENT.test(String(cause.code));
}
