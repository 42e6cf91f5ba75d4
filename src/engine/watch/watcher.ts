import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { Alarm } from '../../log/follow/alarm.ts';
import { FollowedLog } from '../../log/follow/follow.ts';
import type { RecordBatch } from '../../log/follow/follow-content.ts';
import type { FollowOptions } from '../../log/follow/follow-rotations.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { activated, BatchRecorder, type BatchReport } from './batch-recorder.ts';

/** So often logs are looked at even where nothing says that they were written to. */
const POLL_MILLISECONDS = 250;
const FIRST_WAIT_MILLISECONDS = 1000;
const MAX_WAIT_MILLISECONDS = 60_000;
/** What may pass by itself: another program writes, the disk is full or does not answer. */
const PASSING = /^SQLITE_(?:BUSY|LOCKED|FULL|IOERR)/;

/** What a configuration says about watching. */
export interface WatchSetup {
  readonly policies: Policies;
  readonly readOptions: ReadOptions;
}

interface WatcherOptions {
  readonly store: Store;
  readonly now: () => Seconds;
  /** Makes the set-up anew, of a configuration that may have changed. */
  readonly setup: () => Promise<WatchSetup>;
  readonly remark: (text: string) => void;
  /** Entries were stored that change what is blocked. The place to tell a firewall from. */
  readonly onChange: (report: BatchReport) => void;
}

/** What tells a watcher from outside; see Signals. */
interface WatchSignals {
  readonly isStopped: boolean;
  takeHangUp(): boolean;
  pause(milliseconds: number, early?: AbortSignal): Promise<void>;
}

/** Follows logs, and judges and stores what they tell as it comes. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #signals: WatchSignals;
  readonly #recorder: BatchRecorder;
  readonly #logs: readonly FollowedLog[];
  readonly #alarm: Alarm;
  /** The last trouble with each log, which is told of once. */
  readonly #troubles = new Map<string, string>();
  #setup: WatchSetup;
  #waitMilliseconds = POLL_MILLISECONDS;

  constructor(
    names: readonly string[],
    setup: WatchSetup,
    signals: WatchSignals,
    options: WatcherOptions,
  ) {
    this.#options = options;
    this.#setup = setup;
    this.#signals = signals;
    this.#recorder = new BatchRecorder(options.store);
    this.#logs = names.map((name) => new FollowedLog(name, this.#followOptions(name)));
    this.#alarm = new Alarm(names);
  }

  /** Until a signal says to stop. */
  async run(): Promise<void> {
    while (!this.#signals.isStopped) {
      this.#alarm.set();
      const beganAt = performance.now();
      const isWell = await this.#readAll();
      const taken = performance.now() - beganAt;
      if (this.#signals.takeHangUp()) await this.#renew();
      // However much is written, reading takes half of the time at most.
      await this.#signals.pause(
        this.#waitMilliseconds,
        isWell ? this.#alarm.after(taken) : undefined,
      );
    }
    this.#recordPlaces();
  }

  /** What is there now. Throws McblockError('file') for a log that is not there or is compressed. */
  async once(): Promise<void> {
    for (const log of this.#logs) {
      await log.read(this.#record, () => this.#signals.isStopped);
    }
    this.#recordPlaces();
    const missing = this.#logs.find(({ isThere }) => !isThere);
    if (missing) throw new McblockError('file', `there is no log ${missing.name}`);
    const packed = this.#logs.find(({ isCompressed }) => isCompressed);
    if (packed) {
      throw new McblockError(
        'file',
        `nothing of ${packed.name} was read: it is compressed; mcblock grok reads it`,
      );
    }
  }

  close(): void {
    this.#alarm.close();
    for (const log of this.#logs) log.close();
  }

  readonly #record: RecordBatch = (batch) => {
    const report = this.#recorder.record(batch, this.#setup.policies, this.#options.now());
    if (report === undefined) return 'changed';
    if (activated(report).length > 0) this.#options.onChange(report);
    return 'recorded';
  };

  /** Whether the store takes what is read. */
  async #readAll(): Promise<boolean> {
    let isInTrouble = false;
    for (const log of this.#logs) {
      try {
        await log.read(this.#record, () => this.#signals.isStopped);
        if (log.isThere) this.#troubles.delete(log.name);
      } catch (error) {
        if (!mayPass(error)) throw error;
        isInTrouble ||= error.code === 'store';
        this.#tell(log.name, `${error.message}; watch tries again`);
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

  async #renew(): Promise<void> {
    const { setup, remark } = this.#options;
    try {
      const fresh = await setup();
      // By the configuration under which they came.
      this.#recordPlaces();
      this.#setup = fresh;
      for (const log of this.#logs) log.renew(this.#followOptions(log.name));
      remark('mcblock: the configuration was read again');
    } catch (error) {
      if (!(error instanceof McblockError)) throw error;
      remark(`mcblock: ${error.message}; the old configuration stays in force`);
    }
  }

  #recordPlaces(): void {
    for (const log of this.#logs) log.recordPlaces(this.#record);
  }

  #followOptions(name: string): FollowOptions {
    const { store, now } = this.#options;
    return {
      ...this.#setup.readOptions,
      known: (head) => store.logsWithHead(head),
      now,
      report: (text) => this.#tell(name, text),
    };
  }

  #tell(log: string, text: string): void {
    if (this.#troubles.get(log) === text) return;
    this.#troubles.set(log, text);
    this.#options.remark(`mcblock: ${text}`);
  }
}

/** A file that cannot be read now, or a store that cannot be written now. */
function mayPass(error: unknown): error is McblockError {
  if (!(error instanceof McblockError)) return false;
  if (error.code !== 'store') return error.code === 'file';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && PASSING.test(String(cause.code));
}
