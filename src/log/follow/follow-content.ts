import { createHash } from 'node:crypto';
import type { Seconds } from '../../blocklist/entry.ts';
import type { Checkpoint, ContentDigest } from '../checkpoint.ts';
import type { LogOwner } from '../own-file.ts';
import type { ReadOptions } from '../read-options.ts';
import { FollowedLines, type LinesSummary } from './follow-lines.ts';

/** How often the offset is recorded if there are no events; reading a log again is cheap. */
const UNEVENTFUL_BYTES = 4 * 2 ** 20;

/** The lines since the last batch, to be recorded in one transaction. */
export interface Batch extends LinesSummary {
  readonly name: string;
  /** The log up to the end of these lines. */
  readonly content: ContentDigest;
  /** Its known checkpoints: those from before it was opened, and that of the first batch. */
  readonly known: readonly Checkpoint[];
  /** The digest of the checkpoint that this one replaces, if any. */
  readonly instead: Uint8Array | undefined;
  /** Lines read since it was opened. */
  readonly lineCount: number;
}

/**
 * `changed`: another process recorded lines of the same log, so that it is not known which lines of
 * the batch are new; nothing was recorded.
 */
export type Recorded = 'recorded' | 'changed';

/** Stores a batch in one transaction; throws if it cannot. */
export type RecordBatch = (batch: Batch) => Recorded;

export interface ContentOptions extends ReadOptions {
  /** Called with warnings, which may repeat. */
  readonly report: (text: string) => void;
}

export interface FollowedPart {
  readonly name: string;
  /** See ContentDigest. */
  readonly head: Uint8Array;
  readonly known: readonly Checkpoint[];
  /** How many bytes were counted before. */
  readonly newFrom: number;
  readonly owner: LogOwner;
}

/** The part of a log that was read, from its first byte. */
export class FollowedContent {
  readonly part: FollowedPart;
  readonly #report: (text: string) => void;
  readonly #lines: FollowedLines;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #recordedBytes: number;
  #instead: Uint8Array | undefined;
  #first: Checkpoint | undefined;

  constructor(options: ContentOptions, part: FollowedPart) {
    this.part = part;
    this.#report = options.report;
    this.#recordedBytes = part.newFrom;
    this.#lines = new FollowedLines(options, part.owner.service, part.name, part.newFrom);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are in no batch yet. */
  get unrecordedBytes(): number {
    return Math.max(0, this.#bytes - this.#recordedBytes);
  }

  /** Takes the next bytes; before a batch is recorded they must end with a line. */
  take(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#lines.finish();
  }

  /**
   * Records what is new if it holds events or is large, or `always`. `fileTime` is when the log was
   * last written to.
   */
  record(record: RecordBatch, fileTime: Seconds, always: boolean): Recorded {
    for (const doubt of this.#lines.warnings(fileTime)) this.#report(`${this.part.name}: ${doubt}`);
    const isNew = this.#lines.hasEvents || this.unrecordedBytes > (always ? 0 : UNEVENTFUL_BYTES);
    if (!isNew) return 'recorded';
    const { name, head } = this.part;
    const known = this.#first === undefined ? this.part.known : [...this.part.known, this.#first];
    const content = { bytes: this.#bytes, digest: this.#hash.copy().digest(), head };
    const summary = this.#lines.take(fileTime);
    const [instead, lineCount] = [this.#instead, this.#lines.count];
    const recorded = record({ name, content, known, instead, lineCount, ...summary });
    if (recorded === 'recorded') {
      // The first checkpoint is kept, to recognise a copy that lacks the last lines.
      if (this.#first === undefined && this.part.newFrom === 0) this.#first = content;
      else this.#instead = content.digest;
      this.#recordedBytes = this.#bytes;
    }
    return recorded;
  }
}
