import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { recogniseFormat } from '../compression/format.ts';
import type { KnownExtents } from '../extent.ts';
import { contentOf, type ReadOptions } from '../read-options.ts';
import type { Source } from '../source.ts';
import { FollowedContent, type RecordBatch } from './follow-content.ts';
import { type FollowedFile, openFollowed } from './follow-file.ts';
import { isHeadKnown, knownContent } from './follow-known.ts';
import { rotationsOf } from './rotation.ts';

const NEWLINE = 0x0a;
/**
 * So much of a history is recorded at a time: each batch writes its entries anew, and what it tells
 * is held in memory.
 */
export const BATCH_BYTES = 2 ** 22;
/** A log that was rotated may still be written to, until whoever writes it opens the new one. */
export const GRACE_MILLISECONDS = 5000;
/** So many rotations, the newest, are looked through. */
const LOOKED_AT = 100;

/** What following a log takes, besides how it is read. */
export interface FollowOptions extends ReadOptions {
  readonly known: KnownExtents;
  readonly now: () => Seconds;
  /** Hears what was odd. The same text may come again and again. */
  readonly report: (text: string) => void;
}

/**
 * The rotations of a log with lines that were not read, the oldest first: the newest one of which a
 * part was read, and those that came after it. None where no rotation was ever read: then following
 * begins with the log itself. Who gets them closes them. Undefined: they got other names meanwhile.
 * @param current the log itself
 * @param leaving rotations that are open already; those that are not settled come among the others
 * @param onFound hears the first lines of rotations that were read
 */
export async function unreadRotations(
  log: string,
  options: FollowOptions,
  current: FollowedFile | undefined,
  leaving: readonly FollowedFile[],
  onFound: (head: Uint8Array) => void,
): Promise<FollowedFile[] | undefined> {
  const opened: FollowedFile[] = [];
  let unread: FollowedFile[] = [];
  let isFound = false;
  let areSame = false;
  /** Of those unread, so many are at least as new as one that was the log itself. */
  let certain = 0;
  try {
    const names = rotationsOf(log).slice(0, LOOKED_AT);
    for (const name of names) {
      const file = openRotation(name, options);
      if (file === undefined) continue;
      opened.push(file);
      if (current?.isSame(file)) return undefined;
      const known = leaving.find((other) => other.isSame(file));
      if (known !== undefined) {
        isFound = known.isSettled;
        if (isFound) break;
        certain = unread.push(known);
        continue;
      }
      const state = await stateOf(file, options, onFound);
      const isWritten = state === 'read' && file.quietMilliseconds < GRACE_MILLISECONDS;
      if (state === 'unread' || state === 'begun' || isWritten) unread.push(file);
      isFound = state === 'read' || state === 'begun' || state === 'copy';
      if (isFound) break;
    }
    const last = rotationsOf(log).slice(0, LOOKED_AT);
    areSame = last.join('\n') === names.join('\n') && opened.every((file) => file.isAt(file.name));
    if (!isFound) unread = unread.slice(0, certain);
    return areSame ? unread.toReversed() : undefined;
  } finally {
    const wanted = new Set(areSame ? unread : []);
    for (const file of opened) if (!wanted.has(file)) file.close();
  }
}

/** Reads a compressed rotation, from where it was read to before. */
export async function readRotation(
  log: string,
  file: FollowedFile,
  options: FollowOptions,
  record: RecordBatch,
  isStopped: () => boolean,
): Promise<void> {
  try {
    while (!(await readSource(log, sourceOf(file), options, record, isStopped)));
  } catch (error) {
    reportUnreadable(error, options.report);
  }
}

/** Whether it was recorded; else something was recorded of it by others, and it is to do again. */
async function readSource(
  log: string,
  source: Source,
  options: FollowOptions,
  record: RecordBatch,
  isStopped: () => boolean,
): Promise<boolean> {
  const digested = await contentOf(source, options, options.report);
  const { content, known, newFrom } = await knownContent(digested.chunks, options.known);
  const { chunks, service } = await contentOf(source, options, () => {});
  const part = { name: log, head: content.head, known, newFrom, service };
  const followed = new FollowedContent(options, part);
  const fileTime = Math.min(source.fileTime, options.now());
  for await (const chunk of chunks) {
    if (isStopped()) return true;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    followed.take(chunk.subarray(0, end));
    const isDue = end > 0 && followed.unrecordedBytes >= BATCH_BYTES;
    if (isDue && followed.record(record, fileTime, true) === 'changed') return false;
    followed.take(chunk.subarray(end));
  }
  followed.finish();
  return followed.record(record, fileTime, true) === 'recorded';
}

function openRotation(name: string, { report }: FollowOptions): FollowedFile | undefined {
  try {
    return openFollowed(name, true);
  } catch (error) {
    reportUnreadable(error, report);
    return undefined;
  }
}

/**
 * `copy`: one that was made before the last lines came; those were read where they came. `nothing`:
 * it is empty or damaged.
 */
type RotationState = 'unread' | 'begun' | 'read' | 'copy' | 'nothing';

async function stateOf(
  file: FollowedFile,
  options: FollowOptions,
  onFound: (head: Uint8Array) => void,
): Promise<RotationState> {
  const source = sourceOf(file);
  if (source.totalBytes === 0) return 'nothing';
  try {
    if (!(await isHeadKnown(source, options, options.known))) return 'unread';
    const { chunks } = await contentOf(source, options, () => {});
    const { content, newFrom, isShorter } = await knownContent(chunks, options.known);
    if (newFrom > 0) onFound(content.head);
    if (newFrom === content.bytes) return 'read';
    if (isShorter) return 'copy';
    return newFrom > 0 ? 'begun' : 'unread';
  } catch (error) {
    reportUnreadable(error, options.report);
    return 'nothing';
  }
}

function sourceOf(file: FollowedFile): Source {
  const { name, size, fileTime } = file;
  return {
    name,
    fileTime,
    totalBytes: size,
    chunks: () => file.chunks(size),
    close: () => undefined,
  };
}

export function isCompressed(beginning: Buffer): boolean {
  return recogniseFormat(beginning).name !== 'plain';
}

/** Throws what has nothing to do with this rotation. */
function reportUnreadable(error: unknown, report: (text: string) => void): void {
  if (!(error instanceof McblockError) || error.code === 'store') throw error;
  report(`${error.message}; nothing more of it is counted`);
}
