import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { KnownCheckpoints } from '../checkpoint.ts';
import { recogniseFormat } from '../compression/format.ts';
import { contentOf } from '../read-options.ts';
import type { Source } from '../source.ts';
import { type ContentOptions, FollowedContent, type RecordBatch } from './follow-content.ts';
import { type FollowedFile, openFollowed } from './follow-file.ts';
import { isHeadKnown, knownContent } from './follow-known.ts';
import { rotationsOf } from './rotation.ts';

const NEWLINE = 0x0a;
/**
 * How much of an older log is recorded at a time. Each batch writes its entries again, and is held in
 * memory.
 */
export const BATCH_BYTES = 2 ** 22;
/** A rotated log may still be written to until its writer opens the new one. */
export const GRACE_MILLISECONDS = 5000;
/** How many rotations are examined, the newest first. */
const MAX_ROTATIONS = 100;

/** How a log is followed. */
export interface FollowOptions extends ContentOptions {
  readonly known: KnownCheckpoints;
  readonly now: () => Seconds;
  /** See rotationsOf. Default: none. */
  readonly archives?: readonly string[];
}

/**
 * The rotations of a log that have unread lines, the oldest first: the newest one that was partly
 * read, and those after it. None if no rotation was ever read; following then begins with the log
 * itself. The caller closes them. Undefined if they were renamed meanwhile.
 * @param current the log itself
 * @param leaving rotations that are already open; those that are not settled are returned too
 * @param onFound called with the heads of rotations that were read
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
  /** How many of the unread are no older than a file that was the log itself. */
  let certain = 0;
  try {
    const names = rotationsOf(log, options.archives).slice(0, MAX_ROTATIONS);
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
    const last = rotationsOf(log, options.archives).slice(0, MAX_ROTATIONS);
    areSame = last.join('\n') === names.join('\n') && opened.every((file) => file.isAt(file.name));
    if (!isFound) unread = unread.slice(0, certain);
    return areSame ? unread.toReversed() : undefined;
  } finally {
    const wanted = new Set(areSame ? unread : []);
    for (const file of opened) if (!wanted.has(file)) file.close();
  }
}

/** Reads a compressed rotation from where reading stopped before. */
export async function readRotation(
  log: string,
  file: FollowedFile,
  options: FollowOptions,
  record: RecordBatch,
  isStopped: () => boolean,
): Promise<void> {
  try {
    while (!(await readSource(log, sourceOf(file, options.now()), options, record, isStopped)));
  } catch (error) {
    reportUnreadable(error, options.report);
  }
}

/** Returns false if another process recorded part of it; it must then be read again. */
async function readSource(
  log: string,
  source: Source,
  options: FollowOptions,
  record: RecordBatch,
  isStopped: () => boolean,
): Promise<boolean> {
  const digested = await contentOf(source, options, options.report);
  const { content, known, newFrom } = await knownContent(digested.chunks, options.known);
  const { chunks, ...owner } = await contentOf(source, options, () => {});
  const part = { name: log, head: content.head, known, newFrom, owner };
  const followed = new FollowedContent(options, part);
  const { fileTime } = source;
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
 * `copy`: it lacks the last lines, which were read in the original. `nothing`: it is empty or
 * damaged.
 */
type RotationState = 'unread' | 'begun' | 'read' | 'copy' | 'nothing';

async function stateOf(
  file: FollowedFile,
  options: FollowOptions,
  onFound: (head: Uint8Array) => void,
): Promise<RotationState> {
  const source = sourceOf(file, options.now());
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

function sourceOf(file: FollowedFile, now: Seconds): Source {
  const { name, size } = file;
  return {
    name,
    fileTime: file.fileTime(now),
    totalBytes: size,
    chunks: () => file.chunks(size),
    close: () => undefined,
  };
}

export function isCompressed(beginning: Buffer): boolean {
  return recogniseFormat(beginning).name !== 'plain';
}

/** Throws errors that do not concern this rotation. */
function reportUnreadable(error: unknown, report: (text: string) => void): void {
  if (!(error instanceof McblockError) || error.code === 'store') throw error;
  report(`${error.message}; the rest of it is not counted`);
}
