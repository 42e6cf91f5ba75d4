import { setTimeout as pause } from 'node:timers/promises';
import type { Seconds } from '../../blocklist/entry.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import { McblockError } from '../../errors.ts';
import { type EventCollector, FollowedLines } from '../../log/follow/follow-lines.ts';
import { BatchRecorder, isNotable } from './batch-recorder.ts';
import {
  reloadSettings,
  type WatcherOptions,
  type WatchSettings,
  type WatchSignals,
} from './watcher.ts';

/** The most that is recorded at once, if more is there already. */
const BATCH_BYTES = 1_048_576;
/** How often the cursor is recorded if there are no events. */
const UNEVENTFUL_BYTES = 4 * 2 ** 20;
const POLL_MILLISECONDS = 60_000;
/** Recording takes at most a quarter of the time: the more is recorded at once, the less each costs. */
const PAUSE_PER_RECORDING = 3;
const MAX_PAUSE_MILLISECONDS = 1000;

/** A stream of lines that is read once. With a cursor, each chunk ends with a line. */
export interface LineStream {
  readonly chunks: () => AsyncIterable<Buffer>;
  /** More can be read at once. */
  readonly hasMore: boolean;
  /** Where the chunks so far end; undefined if the stream has no such thing. */
  readonly cursor: string | undefined;
  /** What to warn of, if anything. */
  readonly doubtText?: string | undefined;
  readonly end: () => void;
}

interface StreamOptions extends WatcherOptions {
  readonly name: string;
  /** Under which the cursor is stored; undefined if the stream has none. */
  readonly source: string | undefined;
  /** What a hang-up does: the settings are reread, and perhaps the stream opened again with them. */
  readonly onHangUp: 'reopen' | 'reload' | 'nothing';
  /** Opens the stream after the cursor; undefined: it was never read. */
  readonly open: (settings: WatchSettings, cursor: string | undefined) => LineStream;
  /** What is collected of the stream. Default: the lines of a log. */
  readonly collector?: (settings: WatchSettings) => EventCollector;
  /** Default: `log`. */
  readonly evidence?: EvidenceSource;
}

/** Follows a stream of lines, such as the journal, and judges and stores them as they are written. */
export class StreamWatcher {
  readonly #options: StreamOptions;
  readonly #signals: WatchSignals;
  readonly #recorder: BatchRecorder;
  #settings: WatchSettings;
  /** The cursor in the store, as far as this process knows. */
  #recorded: string | undefined;
  #doubtsTold = 0;

  constructor(settings: WatchSettings, signals: WatchSignals, options: StreamOptions) {
    this.#options = options;
    this.#settings = settings;
    this.#signals = signals;
    this.#recorder = new BatchRecorder(options.store);
  }

  /** Follows the stream to its end, or until it is stopped. */
  async run(): Promise<void> {
    for (let isHungUp = true; isHungUp && !this.#signals.isStopped; ) {
      const { store, source, open } = this.#options;
      this.#recorded = source === undefined ? undefined : store.cursors.of(source);
      const stream = open(this.#settings, this.#recorded);
      const ended = new AbortController();
      const waiting = this.#endAtSignal(stream, ended.signal);
      try {
        await this.#follow(stream);
      } finally {
        ended.abort();
        isHungUp = await waiting;
      }
      if (isHungUp) await this.#reload();
    }
  }

  async #follow(stream: LineStream): Promise<void> {
    const { name, now, collector } = this.#options;
    const { readOptions } = this.#settings;
    const lines =
      collector?.(this.#settings) ?? new FollowedLines(readOptions, readOptions.service, name, 0);
    let bytes = 0;
    for await (const chunk of stream.chunks()) {
      lines.push(chunk);
      bytes += chunk.length;
      this.#tell(stream.doubtText);
      if (stream.hasMore && bytes < BATCH_BYTES) continue;
      if (!lines.hasEvents && bytes < UNEVENTFUL_BYTES) continue;
      const beganAt = performance.now();
      this.#record(lines, stream, now());
      const taken = performance.now() - beganAt;
      // A full batch is as much as is ever recorded at once.
      if (bytes < BATCH_BYTES) {
        await pause(Math.min(taken * PAUSE_PER_RECORDING, MAX_PAUSE_MILLISECONDS));
      }
      bytes = 0;
    }
    lines.finish();
    this.#record(lines, stream, now());
  }

  /** Stores what was found and where the stream ends by now, in one transaction. */
  #record(lines: EventCollector, { cursor, doubtText }: LineStream, now: Seconds): void {
    const { store, source, name, onChange, evidence = 'log' } = this.#options;
    const isNew = lines.hasEvents || (cursor !== undefined && cursor !== this.#recorded);
    if (isNew) {
      const batch = { name, ...lines.take(now) };
      const { policies } = this.#settings;
      const report = this.#recorder.recordLines(batch, policies, now, evidence, () => {
        if (source === undefined || cursor === undefined) return;
        if (store.cursors.of(source) !== this.#recorded) {
          throw new McblockError('store', `${name}: another mcblock follows it`);
        }
        store.cursors.put(source, cursor);
      });
      this.#recorded = cursor;
      if (isNotable(report)) onChange(report);
    }
    this.#tell(doubtText);
  }

  /** Warns at once, and then each time that a minute has passed. */
  #tell(doubtText: string | undefined): void {
    if (doubtText === undefined || performance.now() < this.#doubtsTold) return;
    this.#doubtsTold = performance.now() + POLL_MILLISECONDS;
    this.#options.warn(`mcblock: ${this.#options.name}: ${doubtText}`);
  }

  /** Ends the stream when a signal comes. Returns whether it is to be opened again. */
  async #endAtSignal(stream: LineStream, ended: AbortSignal): Promise<boolean> {
    const { onHangUp } = this.#options;
    let isHungUp = false;
    while (!(isHungUp || this.#signals.isStopped || ended.aborted)) {
      const came = this.#signals.takeHangUp();
      isHungUp = came && onHangUp === 'reopen';
      if (came && onHangUp === 'reload') await this.#reload();
      if (!isHungUp) await this.#signals.pause(POLL_MILLISECONDS, ended);
    }
    stream.end();
    return isHungUp;
  }

  #reload(): Promise<void> {
    return reloadSettings(this.#options, (settings) => {
      this.#settings = settings;
    });
  }
}
