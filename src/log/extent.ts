import { createHash } from 'node:crypto';
import { LINE_LIMIT_BYTES } from './lines.ts';
import type { Chunks } from './source.ts';

const NEWLINE = 0x0a;

/** How far a log was read at another time: so many bytes, with this SHA-256. */
export interface Extent {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** What tells one log's content from another's. */
export interface ContentDigest extends Extent {
  /** SHA-256 of the first line, without its newline; it stays the same while a log grows. */
  readonly head: Uint8Array;
}

/** Finds the extents that are known of a log with this first line. */
export type KnownExtents = (head: Uint8Array) => readonly Extent[];

/**
 * Passes the chunks on to `push` and reckons their digest. Wherever the content up to there is a
 * known extent, `onKnown` is called with its length, before what follows is passed on.
 */
export async function digestWhile(
  chunks: Chunks,
  known: KnownExtents,
  push: (chunk: Buffer) => void,
  onKnown: (bytes: number) => void,
): Promise<ContentDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  let extents: readonly Extent[] = [];
  let next = 0;
  const take = (chunk: Buffer): void => {
    let start = 0;
    while (start < chunk.length) {
      const extent = extents[next];
      const end = Math.min(
        chunk.length,
        extent === undefined ? Infinity : extent.bytes - bytes + start,
      );
      const piece = chunk.subarray(start, end);
      hash.update(piece);
      push(piece);
      bytes += piece.length;
      start = end;
      while (extents[next]?.bytes === bytes) {
        if (sameDigest(extents[next], hash.copy().digest())) onKnown(bytes);
        next++;
      }
    }
  };
  // Until the first line is whole nothing is taken: it tells which extents to look out for.
  let first = Buffer.alloc(0);
  let head: Buffer | undefined;
  const begin = (): void => {
    head = headOf(first);
    extents = known(head)
      .filter((extent) => extent.bytes > 0)
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

/** The {@link ContentDigest.head} of a log, by its beginning: its first line or all there is. */
export function headOf(beginning: Buffer): Buffer {
  const end = beginning.indexOf(NEWLINE);
  const length = Math.min(end < 0 ? beginning.length : end, LINE_LIMIT_BYTES);
  return createHash('sha256').update(beginning.subarray(0, length)).digest();
}

function sameDigest(extent: Extent | undefined, digest: Buffer): boolean {
  return extent !== undefined && digest.equals(extent.digest);
}

/** What is new in a log of which more or less was read before. */
export class NewPart {
  /** The first byte of it, as far as the log has been read; all of the log where it is 0. */
  from = 0;
  /** The extents that were known of logs with the same first line. */
  knownExtents: readonly Extent[] = [];

  /** Passes the chunks on; `forget` is called wherever what came till then turns out to be known. */
  read(
    chunks: Chunks,
    known: KnownExtents,
    push: (chunk: Buffer) => void,
    forget: () => void,
  ): Promise<ContentDigest> {
    return digestWhile(
      chunks,
      (head) => {
        this.knownExtents = known(head);
        return this.knownExtents;
      },
      push,
      (bytes) => {
        this.from = bytes;
        forget();
      },
    );
  }
}
