import type { Checkpoint, ContentDigest, KnownCheckpoints } from '../checkpoint.ts';
import { digestWhile, headOf } from '../checkpoint.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import { contentOf, type ReadOptions } from '../read-options.ts';
import type { Chunks, Source } from '../source.ts';

const NEWLINE = 0x0a;

/** A log compared with its known checkpoints. */
export interface KnownContent {
  readonly content: ContentDigest;
  readonly known: readonly Checkpoint[];
  /** The longest checkpoint that matches its beginning; 0 if none does. */
  readonly newFrom: number;
  /** A log with the same first line was read further than this one goes. */
  readonly isShorter: boolean;
}

/** Digests a log to find how far it was read. */
export async function knownContent(chunks: Chunks, known: KnownCheckpoints): Promise<KnownContent> {
  let checkpoints: readonly Checkpoint[] = [];
  let newFrom = 0;
  const content = await digestWhile(
    chunks,
    (head) => {
      checkpoints = known(head);
      return checkpoints;
    },
    () => {},
    (bytes) => {
      newFrom = bytes;
    },
  );
  const isShorter = checkpoints.some(({ bytes }) => bytes > content.bytes);
  return { content, known: checkpoints, newFrom, isShorter };
}

/** Whether a log with this first line was read before. Reads no further than that line. */
export async function isHeadKnown(
  source: Source,
  options: ReadOptions,
  known: KnownCheckpoints,
): Promise<boolean> {
  const { chunks } = await contentOf(source, options, () => {});
  let beginning = Buffer.alloc(0);
  for await (const chunk of chunks) {
    beginning = Buffer.concat([beginning, chunk]);
    if (chunk.includes(NEWLINE) || beginning.length > LINE_LIMIT_BYTES) break;
  }
  return known(headOf(beginning)).length > 0;
}
