import { createHash } from 'node:crypto';
import { LINE_LIMIT_BYTES } from './lines.ts';
import type { Chunks } from './source.ts';

const NEWLINE = 0x0a;

/** How far a log was read before: the number of bytes, and their SHA-256. */
export interface Checkpoint {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** Identifies the content of a log. */
export interface ContentDigest extends Checkpoint {
  /** SHA-256 of the first line without its newline, which stays the same while a log grows. */
  readonly head: Uint8Array;
}

/** Returns the known checkpoints of logs with this head. */
export type KnownCheckpoints = (head: Uint8Array) => readonly Checkpoint[];

/**
 * Passes the chunks to `push` and computes their digest. Wherever the content so far matches a known
 * checkpoint, `onKnown` is called with its length, before the next bytes are passed on.
 */
export async function digestWhile(
  chunks: Chunks,
  known: KnownCheckpoints,
  push: (chunk: Buffer) => void,
  onKnown: (bytes: number) => void,
): Promise<ContentDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  let checkpoints: readonly Checkpoint[] = [];
  let next = 0;
  const take = (chunk: Buffer): void => {
    let start = 0;
    while (start < chunk.length) {
      const checkpoint = checkpoints[next];
      const end = Math.min(
        chunk.length,
        checkpoint === undefined ? Infinity : checkpoint.bytes - bytes + start,
      );
      const piece = chunk.subarray(start, end);
      hash.update(piece);
      push(piece);
      bytes += piece.length;
      start = end;
      while (checkpoints[next]?.bytes === bytes) {
        if (sameDigest(checkpoints[next], hash.copy().digest())) onKnown(bytes);
        next++;
      }
    }
  };
  // The checkpoints are only known when the first line is complete.
  let first = Buffer.alloc(0);
  let head: Buffer | undefined;
  const begin = (): void => {
    head = headOf(first);
    checkpoints = known(head)
      .filter((checkpoint) => checkpoint.bytes > 0)
      .toSorted((p, q) => p.bytes - q.bytes);
    take(first);
  };
  for await (const chunk of chunks) {
    if (head !== undefined) {
      take(chunk);
      continue;
    }
    first = Buffer.concat([first, chunk]);
    if (chunk.includes(NEWLINE) || first.length > LINE_LIMIT_BYTES) begin();
  }
  if (head === undefined) begin();
  return { bytes, digest: hash.digest(), head: head ?? Buffer.alloc(0) };
}

/** The {@link ContentDigest.head} of a log from its beginning, which has its first line. */
export function headOf(beginning: Buffer): Buffer {
  const end = beginning.indexOf(NEWLINE);
  const length = Math.min(end < 0 ? beginning.length : end, LINE_LIMIT_BYTES);
  return createHash('sha256').update(beginning.subarray(0, length)).digest();
}

function sameDigest(checkpoint: Checkpoint | undefined, digest: Buffer): boolean {
  return checkpoint !== undefined && digest.equals(checkpoint.digest);
}

/** The part of a log that was not read before. */
export class NewPart {
  /** Offset of the first new byte, as far as is known yet. */
  from = 0;
  /** The known checkpoints of logs with the same first line. */
  knownCheckpoints: readonly Checkpoint[] = [];

  /** Passes the chunks on; calls `forget` if all of them so far turn out to be known. */
  read(
    chunks: Chunks,
    known: KnownCheckpoints,
    push: (chunk: Buffer) => void,
    forget: () => void,
  ): Promise<ContentDigest> {
    return digestWhile(
      chunks,
      (head) => {
        this.knownCheckpoints = known(head);
        return this.knownCheckpoints;
      },
      push,
      (bytes) => {
        this.from = bytes;
        forget();
      },
    );
  }
}
